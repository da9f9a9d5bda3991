// One connection to a mirror: opens it, logs in with the session's startup parameters, then hands over what the mirror
// says frame by frame. A hostile or broken mirror costs this connection and nothing else.

import type { Socket } from "node:net";
import type { DatabaseConfig } from "../../config/config.ts";
import type { Credential } from "../auth/credential.ts";
import { type LoginStep, ServerLogin } from "../auth/server-login.ts";
import { type AuthenticationMessage, readAuthentication, readBackendKey, readError } from "../protocol/backend.ts";
import { encodeTerminate } from "../protocol/encode.ts";
import { FrameScanner } from "../protocol/frame-scanner.ts";
import { BackendMessage } from "../protocol/message-types.ts";
import { encodeStartup } from "../protocol/startup.ts";
import { endWithin, onBytes } from "../sockets.ts";
import { type OpeningFailure, ServerOpening } from "../tls/server-opening.ts";
import type { Enter } from "./mirror.ts";
import { ReadTurns } from "./read-turns.ts";
import { redactMessage } from "./redact.ts";

/** Longest length that a frame may have before the mirror let us in: an ErrorResponse or a SASL message. */
const LOGIN_LENGTH_MAX = 65_536;
/** A mirror that says this much within UNASKED_MS without being asked is cut: so many notifications nobody sends. */
const UNASKED_BYTES_MAX = 1 << 20;
const UNASKED_MS = 1000;

/** The mirror has this long to take a Terminate. */
const GOODBYE_MS = 1000;

/** Shared by all connections of a thread, whichever mirror they go to: it is the thread's time that they share. */
const readTurns = new ReadTurns();

/** Why a connection could not be had or was lost. `reason` is redacted. */
export interface ConnectionEnd {
  readonly sqlstate: string;
  readonly reason: string;
  /** The server itself answered with an ErrorResponse before it let us in. */
  readonly refused: boolean;
}

export type Expectation = "answer" | "nothing" | "excess";

export interface ConnectionOwner {
  ready(): void;
  /** The connection never got ready, or is gone. Called once; nothing follows. */
  ended(end: ConnectionEnd): void;
  wanted(type: number): number;
  frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void;
  /** Everything written has left for the kernel. */
  drained(): void;
  /** Whether what comes now answers a request, was not asked for, or is far more than the primary had to say. */
  expectation(): Expectation;
}

export interface ConnectionOptions {
  readonly owner: ConnectionOwner;
  /** Whatever the connection does of its own accord, it does through this. */
  readonly enter: Enter;
  readonly server: DatabaseConfig;
  readonly parameters: ReadonlyMap<string, string>;
  readonly credential: Credential | null;
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
}

export class MirrorConnection {
  readonly #o: ConnectionOptions;
  readonly #opening: ServerOpening;
  readonly #login: ServerLogin;
  readonly #timer: NodeJS.Timeout;
  readonly #scanner: FrameScanner;
  /** Null until it can carry the protocol. */
  #socket: Socket | null = null;
  #tls = "";
  #phase: "login" | "ready" | "ended" = "login";
  /** The mirror has said AuthenticationOk at the end of a whole exchange. */
  #admitted = false;
  #key: Buffer | null = null;
  #unasked = 0;
  #unaskedSinceMs = 0;

  constructor(options: ConnectionOptions) {
    this.#o = options;
    this.#login = new ServerLogin({
      server: "mirror",
      user: options.parameters.get("user") ?? "",
      credential: options.credential,
      database: options.server.name,
    });
    const frame = (type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void =>
      this.#frame(type, buffer, start, end, bodyLength);
    this.#scanner = new FrameScanner(
      {
        wanted: (type) => (this.#phase === "login" ? LOGIN_LENGTH_MAX : options.owner.wanted(type)),
        frame,
      },
      LOGIN_LENGTH_MAX,
    );
    const { enter } = options;
    const late = (): void => this.#end("", "the mirror did not let us in in time");
    this.#timer = setTimeout(() => enter(late), options.timeoutMs);
    this.#opening = new ServerOpening(options.server, {
      opened: (socket, tls) => enter(() => this.#opened(socket, tls)),
      failed: (failure) => enter(() => this.#failed(failure)),
    });
  }

  /** The version of TLS, "" in plaintext. */
  get tls(): string {
    return this.#tls;
  }

  /** BackendKeyData's content, for cancelling. */
  get key(): Buffer | null {
    return this.#key;
  }

  /** Whether more may be written without growing memory. */
  get writable(): boolean {
    return this.#socket?.writableNeedDrain === false;
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  /** Several writes in one go. */
  cork(): void {
    this.#socket?.cork();
  }

  uncork(): void {
    this.#socket?.uncork();
  }

  /** Says goodbye where the mirror still reads; the owner hears nothing more. */
  close(): void {
    const socket = this.#socket;
    if (socket === null || socket.writableLength > 0) {
      this.destroy();
      return;
    }
    if (this.#phase === "ready") socket.write(encodeTerminate());
    this.#phase = "ended";
    clearTimeout(this.#timer);
    endWithin(socket, GOODBYE_MS);
  }

  /** Ends it at once; the owner hears nothing more. */
  destroy(): void {
    this.#phase = "ended";
    clearTimeout(this.#timer);
    this.#opening.abort();
    this.#socket?.destroy();
  }

  #opened(socket: Socket, tls: string): void {
    const { owner, enter, parameters } = this.#o;
    const closed = (cause: string): void => this.#end("", cause);
    this.#socket = socket;
    this.#tls = tls;
    onBytes(socket, (chunk) => enter(() => this.#data(socket, chunk)));
    socket.on("drain", () => enter(() => owner.drained()));
    socket.on("error", (error: NodeJS.ErrnoException) => enter(() => closed(error.code ?? "socket error")));
    socket.on("end", () => socket.end());
    socket.on("close", () => enter(() => closed("the mirror closed the connection")));
    socket.write(encodeStartup(3, 0, parameters));
  }

  #failed({ tls, cause }: OpeningFailure): void {
    this.#end("", tls ? `TLS could not be established: ${cause}` : cause);
  }

  #data(socket: Socket, chunk: Buffer): void {
    if (this.#phase === "ended") return;
    const beganMs = performance.now();
    if (!this.#scanner.scan(chunk) && this.#scanner.bad !== null) {
      this.#end("08P01", `the mirror sent a message of ${this.#scanner.bad.length} bytes`);
      return;
    }
    this.#throttle(socket, chunk.length, beganMs);
  }

  /** A mirror that floods is read slowly, and cut when it was asked nothing: the primary path shares this thread. */
  #throttle(socket: Socket, bytes: number, beganMs: number): void {
    const nowMs = performance.now();
    const expectation = this.#phase === "ready" ? this.#o.owner.expectation() : "nothing";
    if (expectation === "nothing") this.#countUnasked(bytes, nowMs);
    else this.#unasked = 0;
    if (this.#unasked > UNASKED_BYTES_MAX) this.#end("08P01", "the mirror floods the connection");
    else readTurns.took(socket, bytes, nowMs - beganMs, expectation === "excess");
  }

  #countUnasked(bytes: number, nowMs: number): void {
    if (nowMs - this.#unaskedSinceMs > UNASKED_MS) {
      this.#unaskedSinceMs = nowMs;
      this.#unasked = 0;
    }
    this.#unasked += bytes;
  }

  #frame(type: number, buffer: Buffer, start: number, end: number, bodyLength: number): void {
    if (this.#phase === "login") {
      this.#loginFrame(type, buffer, start, end);
    } else if (this.#phase === "ready") {
      // It would stand for the answer to the next request, and every later answer for the one behind it.
      const isUnasked = type === BackendMessage.ReadyForQuery && this.#o.owner.expectation() === "nothing";
      if (isUnasked) this.#end("08P01", "the mirror answered without being asked");
      else this.#o.owner.frame(type, buffer, start, end, bodyLength);
    }
  }

  #loginFrame(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case BackendMessage.Authentication:
        this.#authenticate(readAuthentication(buffer, start, end));
        return;
      case BackendMessage.BackendKeyData:
        this.#key = readBackendKey(buffer, start, end);
        return;
      case BackendMessage.ErrorResponse: {
        const error = readError(buffer, start, end);
        this.#refuse(error.sqlstate, redactMessage(error.sqlstate, error.message));
        return;
      }
      case BackendMessage.ReadyForQuery:
        if (this.#admitted) this.#ready();
        else this.#end("08P01", "the mirror was ready before it let us in");
        return;
      default:
        return;
    }
  }

  #authenticate(message: AuthenticationMessage): void {
    const step = this.#login.receive(message);
    if (step instanceof Promise) void this.#proceedLater(step);
    else this.#proceed(step);
  }

  async #proceedLater(step: Promise<LoginStep>): Promise<void> {
    const { enter } = this.#o;
    try {
      const later = await step;
      enter(() => this.#proceed(later));
    } catch (error) {
      enter(() => {
        throw error;
      });
    }
  }

  #proceed(step: LoginStep): void {
    if (this.#phase !== "login") return;
    if ("failed" in step) this.#refuse("28000", step.failed);
    else if ("done" in step) this.#admitted = true;
    else if (step.send !== null) this.#socket?.write(step.send);
  }

  #ready(): void {
    clearTimeout(this.#timer);
    this.#phase = "ready";
    this.#scanner.lengthMax = this.#o.maxMessageBytes;
    this.#o.owner.ready();
  }

  #refuse(sqlstate: string, reason: string): void {
    this.#finish({ sqlstate, reason, refused: true });
  }

  #end(sqlstate: string, reason: string): void {
    this.#finish({ sqlstate, reason, refused: false });
  }

  #finish(end: ConnectionEnd): void {
    if (this.#phase === "ended") return;
    this.destroy();
    this.#o.owner.ended(end);
  }
}
