// A server on the PostgreSQL port that may be anything: sane (it relays to a real one), broken or hostile. Each connection
// is given to a behaviour, which reads and writes bytes as it likes.
//
//   pgsoak ⇄ FakePeer ─ behaviour ─┬─ its own bytes
//                                  └─ a real server, but for some messages (see relayTo)

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Frame } from "./frames.ts";

/** What a server does with one connection. When it returns or throws, the connection stays as it is. */
export type Behaviour = (peer: FakePeer) => void | Promise<void>;

interface Address {
  readonly host: string;
  readonly port: number;
}

export class FakeServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** Meets the connections from now on; those that are open stay as they are. */
  behaviour: Behaviour;
  /** Connections accepted since the start, whatever became of them. */
  accepted = 0;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server, port: number, behaviour: Behaviour) {
    this.#listener = listener;
    this.behaviour = behaviour;
    this.port = port;
    listener.on("connection", (socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      void this.#meet(new FakePeer(socket));
    });
  }

  static async start(behaviour: Behaviour): Promise<FakeServer> {
    const listener = createServer({ noDelay: true, allowHalfOpen: true });
    listener.listen({ port: 0, host: "127.0.0.1" });
    await once(listener, "listening");
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return new FakeServer(listener, address.port, behaviour);
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Bytes that the open connections were given. */
  get bytesWritten(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
  }

  /** Resets every connection. */
  cut(): void {
    // A socket that is shutting down can't be reset any more: it would never say that it is closed.
    for (const socket of this.#sockets) {
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#listener, "close");
    this.#listener.close();
    await closed;
  }

  /** A behaviour that fails because its peer has left has nothing more to say. */
  async #meet(peer: FakePeer): Promise<void> {
    try {
      await this.behaviour(peer);
    } catch (error) {
      if (!peer.ended) throw error;
    }
  }
}

export class FakePeer {
  readonly socket: Socket;
  /** Resolves when the connection is closed. */
  readonly gone: Promise<void>;
  /** The connection is over. */
  ended = false;
  #startup: Promise<Buffer> | null = null;
  #unread: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.gone = new Promise((resolve) => {
      socket.on("close", () => {
        this.ended = true;
        this.#wake();
        resolve();
      });
    });
    socket.on("data", (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#wake();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("end", () => socket.destroy());
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** The packet without a type byte that began the connection, as often as it is asked for. */
  startup(): Promise<Buffer> {
    this.#startup ??= this.#readStartup();
    return this.#startup;
  }

  /** The next message; `bytes` is all of it. */
  async frame(): Promise<Frame & { readonly bytes: Buffer }> {
    while (this.#unread.length < 5) await this.#more();
    const bytes = await this.#take(this.#unread.readUInt32BE(1) + 1);
    return { type: bytes.toString("latin1", 0, 1), body: bytes.subarray(5), bytes };
  }

  /** Sends the same bytes again and again, as fast as they are taken, until the other side leaves. */
  async pour(bytes: Buffer): Promise<void> {
    const { socket } = this;
    const more = (): void => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.on("drain", more);
    more();
    await this.gone;
  }

  async #readStartup(): Promise<Buffer> {
    while (this.#unread.length < 4) await this.#more();
    return await this.#take(this.#unread.readUInt32BE(0));
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#unread.length < length) await this.#more();
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.ended) throw new Error("the other side has left");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}

/** Looks at each message of the other side: true when it has seen to it, so that it isn't passed on. */
export type Interceptor = (peer: FakePeer, frame: Frame) => boolean;

/** Is the server at `target`, but for the messages that `intercept` takes into its own hands. */
export function relayTo(target: Address, intercept: Interceptor = () => false): Behaviour {
  return async (peer) => {
    const server = connect({ host: target.host, port: target.port, noDelay: true });
    server.on("error", () => peer.socket.destroy());
    server.on("data", (chunk: Buffer) => peer.socket.write(chunk));
    server.on("close", () => peer.socket.destroySoon());
    peer.socket.on("close", () => server.destroy());
    server.write(await peer.startup());
    for (;;) {
      const frame = await peer.frame();
      if (!intercept(peer, frame)) server.write(frame.bytes);
    }
  };
}
