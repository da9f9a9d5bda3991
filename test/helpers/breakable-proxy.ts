// A network that breaks on command: relays TCP between pgsoak and a server, and refuses, falls silent, stalls, slows
// down, cuts or lies when told to.
//
//   pgsoak ⇄ client socket ─ BreakableProxy ─ server socket ⇄ PostgreSQL

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./free-port.ts";

/** What a new connection meets; those that are open already stay as they are. */
export type Welcome =
  | "relay"
  /** Nobody listens: ECONNREFUSED. */
  | "refuse"
  /** Accepted and closed at once. */
  | "close"
  /** Accepted, read and never answered. */
  | "silent";

interface Link {
  readonly client: Socket;
  readonly server: Socket | null;
}

const BIND_ATTEMPTS_MAX = 10;

export class BreakableProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** Connections accepted since the start, whatever became of them. */
  accepted = 0;
  /** Changes what the server sends before it is relayed; null swallows it. */
  fromServer: (chunk: Buffer) => Buffer | null = (chunk) => chunk;
  readonly #target: { host: string; port: number };
  readonly #links = new Set<Link>();
  #listener: Server;
  #welcome: Welcome = "relay";
  #stalled = false;
  #bytesPerSecond = Infinity;

  private constructor(port: number, target: { host: string; port: number }, listener: Server) {
    this.port = port;
    this.#target = target;
    this.#listener = this.#adopt(listener);
  }

  static async to(target: { host: string; port: number }): Promise<BreakableProxy> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        return new BreakableProxy(port, target, await listen(port));
      } catch (error) {
        if (attempt === BIND_ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#links.size;
  }

  async welcome(welcome: Welcome): Promise<void> {
    if (this.#welcome === welcome) return;
    const refused = this.#welcome === "refuse";
    this.#welcome = welcome;
    // Closing a listener waits for its connections; only the port matters here.
    if (welcome === "refuse") this.#listener.close();
    else if (refused) this.#listener = this.#adopt(await listen(this.port));
  }

  /** Stops both directions of every connection, new ones too; what arrives waits in the kernel. */
  stall(): void {
    this.#stalled = true;
    for (const link of this.#links) for (const socket of socketsOf(link)) socket.pause();
  }

  /** Undoes stall(). */
  resume(): void {
    this.#stalled = false;
    for (const link of this.#links) for (const socket of socketsOf(link)) socket.resume();
  }

  /** Limits each direction of each connection; Infinity lifts it. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Resets every connection. */
  cut(): void {
    for (const link of this.#links) for (const socket of socketsOf(link)) socket.resetAndDestroy();
  }

  /** Sends bytes to every client as if the server had. */
  inject(bytes: Uint8Array): void {
    for (const { client } of this.#links) client.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    if (!this.#listener.listening) return;
    const closed = once(this.#listener, "close");
    this.#listener.close();
    await closed;
  }

  #adopt(listener: Server): Server {
    listener.on("connection", (client) => this.#accept(client));
    return listener;
  }

  #accept(client: Socket): void {
    this.accepted++;
    client.on("error", () => {});
    if (this.#welcome === "close") {
      client.destroy();
      return;
    }
    const server = this.#welcome === "silent" ? null : connect({ ...this.#target, noDelay: true, allowHalfOpen: true });
    const link = { client, server };
    this.#links.add(link);
    client.on("close", () => {
      this.#links.delete(link);
      server?.destroy();
    });
    if (server === null) {
      client.resume();
      client.on("end", () => client.destroy());
      return;
    }
    server.on("error", () => client.resetAndDestroy());
    server.on("close", () => client.destroySoon());
    this.#relay(client, server, (chunk) => chunk);
    this.#relay(server, client, (chunk) => this.fromServer(chunk));
  }

  #relay(from: Socket, to: Socket, change: (chunk: Buffer) => Buffer | null): void {
    from.on("data", (chunk: Buffer) => {
      const bytes = change(chunk);
      const flows = bytes === null || to.write(bytes);
      if (!flows) {
        from.pause();
        to.once("drain", () => this.#flow(from));
      } else if (this.#bytesPerSecond !== Infinity) {
        from.pause();
        setTimeout(() => this.#flow(from), (chunk.length / this.#bytesPerSecond) * 1000);
      }
    });
    from.on("end", () => to.end());
    if (this.#stalled) from.pause();
  }

  #flow(socket: Socket): void {
    if (!this.#stalled) socket.resume();
  }
}

function socketsOf(link: Link): Socket[] {
  return link.server === null ? [link.client] : [link.client, link.server];
}

async function listen(port: number): Promise<Server> {
  const listener = createServer({ noDelay: true, allowHalfOpen: true });
  listener.listen({ port, host: "127.0.0.1", exclusive: true });
  await once(listener, "listening");
  return listener;
}
