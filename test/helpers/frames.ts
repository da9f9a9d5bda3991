// A PostgreSQL client made of bytes, for tests that must say exactly what is sent and see exactly what comes back.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { startupMessage } from "./messages.ts";

/** One message of the server. */
export interface Frame {
  /** Its type byte as a character. */
  readonly type: string;
  /** What follows the length. */
  readonly body: Buffer;
}

/** A test that waits longer than this for the next bytes has failed. */
const SILENCE_MAX_MS = 10_000;

/** The fields of an ErrorResponse or NoticeResponse by their letter: C is the SQLSTATE, M the message. */
export function errorFields(frame: Frame): Record<string, string> {
  const fields = frame.body
    .toString()
    .split("\0")
    .filter((field) => field !== "");
  return Object.fromEntries(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  /** Received but not yet asked for, in the order of arrival. */
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #ending: "open" | "end" | "reset" = "open";
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#unread.push(chunk);
      this.#unreadBytes += chunk.length;
      this.#wake();
    });
    socket.on("error", () => this.#end("reset"));
    socket.on("end", () => this.#end("end"));
    socket.on("close", () => this.#end("end"));
  }

  static async connect(target: { host: string; port: number }): Promise<RawClient> {
    const socket = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** A client on a connection that has been opened already, TLS and all. */
  static over(socket: Socket): RawClient {
    return new RawClient(socket);
  }

  /** Connects and logs in by trust, up to the first ReadyForQuery. */
  static async login(
    target: { host: string; port: number },
    parameters: Readonly<Record<string, string>>,
    protocol?: number,
  ): Promise<RawClient> {
    const client = await RawClient.connect(target);
    client.send(startupMessage(parameters, protocol));
    await client.until("Z");
    return client;
  }

  /** Everything the server has sent since the connection was made. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Writes the messages in one piece. */
  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** The next frame. Throws when the connection ends first, or nothing comes. */
  async frame(): Promise<Frame> {
    const header = await this.#take(5);
    const body = await this.#take(header.readUInt32BE(1) - 4);
    return { type: header.toString("latin1", 0, 1), body };
  }

  /** Reads frames up to the first of this type, which is the last of the result. */
  async until(type: string): Promise<Frame[]> {
    const frames: Frame[] = [];
    do frames.push(await this.frame());
    while (frames.at(-1)!.type !== type);
    return frames;
  }

  /** Sends and reads up to ReadyForQuery. */
  async exchange(...messages: readonly Buffer[]): Promise<Frame[]> {
    this.send(...messages);
    return await this.until("Z");
  }

  /** One bare byte: the answer to SSLRequest and GSSENCRequest. */
  async byte(): Promise<string> {
    return (await this.#take(1)).toString("latin1");
  }

  /** Waits until the server closes: "end" is an orderly close, "reset" isn't. Unread bytes stay to be read. */
  async closed(): Promise<"end" | "reset"> {
    while (this.#ending === "open") await this.#more("the end of the connection");
    return this.#ending;
  }

  /** Says that nothing more will be sent; goes on receiving. */
  halfClose(): void {
    this.socket.end();
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.destroyed) return;
    const gone = once(this.socket, "close");
    this.socket.destroy();
    await gone;
  }

  #end(how: "end" | "reset"): void {
    if (this.#ending === "open") this.#ending = how;
    this.#wake();
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#unreadBytes < bytes) await this.#more(`${bytes} bytes`);
    const all = this.#unread.length === 1 ? this.#unread[0]! : Buffer.concat(this.#unread);
    this.#unread = [all.subarray(bytes)];
    this.#unreadBytes = all.length - bytes;
    return all.subarray(0, bytes);
  }

  /** Waits for the next chunk or the end; throws when there is no next one. */
  async #more(what: string): Promise<void> {
    if (this.#ending !== "open") throw new Error(`the connection ended (${this.#ending}) before ${what}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(
      () => reject(new Error(`${what}: not within ${SILENCE_MAX_MS} ms; bytes unread: ${this.#unreadBytes}`)),
      SILENCE_MAX_MS,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
