// Accepts clients on one thread: the handshake, the limits, the way to the right database entry or to the session that a
// cancel is meant for.

import { createServer, type Server, type Socket } from "node:net";
import type { UserConfig } from "../config/config.ts";
import { ClientLogin } from "./auth/client-login.ts";
import type { Entrant } from "./auth/credential.ts";
import { CLIENT_CONNECTIONS, type Gauges, REFUSED_CONNECTIONS } from "./gauges.ts";
import { sayGoodbye } from "./goodbye.ts";
import { Handshake } from "./handshake.ts";
import { forbiddenDatabase, TOO_MANY_CLIENTS, unknownDatabase } from "./last-words.ts";
import { encodeError, type ErrorFields } from "./protocol/encode.ts";
import type { StartupMessage } from "./protocol/startup.ts";
import { Session } from "./session.ts";
import { databaseOf } from "./session-facts.ts";
import { onBytes } from "./sockets.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { ClientFacts } from "./thread-messages.ts";

/** Connections beyond the limit that may still say what they want: a cancel is served, the rest is told 53300. */
const SURPLUS_MAX = 256;
/** Of a name that a stranger chose. */
const LOGGED_CHARACTERS_MAX = 63;

export interface ListenerOptions {
  readonly context: ThreadContext;
  readonly thread: number;
  readonly gauges: Gauges;
  /** Cancels what runs under `key`, on whichever thread that is. */
  readonly cancel: (key: Buffer) => Promise<void>;
}

/** A client that has sent its StartupMessage. */
interface Caller {
  readonly socket: Socket;
  /** When it connected, in monotonic milliseconds. */
  readonly sinceMs: number;
  readonly startup: StartupMessage;
  readonly packet: Buffer;
}

export class Listener {
  readonly #o: ListenerOptions;
  readonly #server: Server;
  /** Clients that have said what they want, those that pgsoak is still asking for a password included. */
  readonly #sessions = new Set<Session | ClientLogin>();
  readonly #sockets = new Set<Socket>();
  #stopping = false;
  #onIdle: (() => void) | null = null;

  constructor(options: ListenerOptions) {
    this.#o = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: false });
    this.#server.on("connection", (socket) => this.#accept(socket));
  }

  /** Resolves with the port. Rejects with the system's error when the address can't be had. */
  listen(host: string, port: number, reusePort: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, reusePort, backlog: 1024 }, () => {
        this.#server.removeListener("error", reject);
        // A failed accept (EMFILE) is counted by the kernel's queue: the client stays there until it can be taken.
        this.#server.on("error", (error) => this.#o.context.log("error", "accept failed", { cause: error.message }));
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Takes no new clients and resolves when all sessions have ended; each ends when its transaction does. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const session of this.#sessions) session.stop();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  /** Ends every session now; those that only wait for a slow reader are given up. */
  terminate(): void {
    for (const session of this.#sessions) session.terminate();
    this.#sessions.clear();
    this.#checkIdle();
  }

  /** Who is connected and has said for what. */
  clients(): ClientFacts[] {
    return [...this.#sessions].map((session) => session.clientFacts());
  }

  #accept(socket: Socket): void {
    const { context } = this.#o;
    const limit = context.config.general.maxConnections + SURPLUS_MAX;
    if (this.#stopping || this.#sockets.size + this.#sessions.size >= limit) {
      this.#countRefused();
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const sinceMs = context.recording.clock.nowMs();
    const timer = setTimeout(() => {
      this.#turnedAway("a client did not log in in time");
      socket.destroy();
    }, context.config.general.loginTimeoutMs);
    const leave = (): void => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      socket.removeAllListeners();
      socket.on("error", () => undefined); // "close" follows
    };
    const handshake = new Handshake(socket, {
      startup: (message, packet, rest) => {
        leave();
        this.#open(socket, sinceMs, message, packet, rest);
      },
      cancel: (key) => {
        leave();
        this.#cancel(socket, key);
      },
      reject: (reason) => {
        this.#turnedAway("connection refused before login", reason);
        socket.destroy();
      },
      refuse: (lastWord, reason) => {
        leave();
        this.#turnedAway("connection refused before login", reason);
        sayGoodbye(socket, lastWord);
      },
    });
    onBytes(socket, (chunk) => handshake.take(chunk));
    socket.on("error", () => undefined); // "close" follows
    socket.on("end", () => socket.destroy());
    socket.on("close", leave);
  }

  #open(socket: Socket, sinceMs: number, startup: StartupMessage, packet: Buffer, rest: Buffer): void {
    const { context, gauges, thread } = this.#o;
    const { auth, maxConnections: max } = context.config.general;
    // Taken before it is compared: two threads that look at the same moment must not both find the last slot free.
    gauges.add(thread, CLIENT_CONNECTIONS, 1);
    const caller: Caller = { socket, sinceMs, startup, packet };
    if (gauges.sum(CLIENT_CONNECTIONS) > max) {
      this.#countRefused();
      context.log("warn", "client refused: too many connections", { max });
      this.#refuse(caller, TOO_MANY_CLIENTS);
    } else if (auth === "userlist") {
      this.#ask(caller, rest);
    } else {
      this.#relay(caller, rest, null);
    }
  }

  /** pgsoak itself asks the client for its password, before it says anything about databases. */
  #ask(caller: Caller, rest: Buffer): void {
    const { socket, sinceMs, startup } = caller;
    const login = new ClientLogin({
      context: this.#o.context,
      client: socket,
      startup,
      rest,
      sinceMs,
      onAdmitted: (entrant, entry, behind) => {
        this.#sessions.delete(login);
        if (mayEnter(entry, databaseOf(startup))) this.#relay(caller, behind, entrant);
        else this.#forbid(caller, entrant);
      },
      onClosed: () => this.#left(login),
    });
    this.#sessions.add(login);
  }

  #relay(caller: Caller, rest: Buffer, entrant: Entrant | null): void {
    const { context } = this.#o;
    const { socket: client, startup } = caller;
    const database = databaseOf(startup);
    const server = context.databaseFor(database);
    if (server === null) {
      this.#refuse(caller, unknownDatabase(database));
      return;
    }
    const { packet, sinceMs } = caller;
    const onClosed = (): void => this.#left(session);
    const session = new Session({ context, client, server, startup, packet, rest, entrant, sinceMs, onClosed });
    this.#sessions.add(session);
  }

  #forbid(caller: Caller, { user }: Entrant): void {
    const { context } = this.#o;
    const asked = databaseOf(caller.startup);
    const database = asked.slice(0, LOGGED_CHARACTERS_MAX);
    context.loginFailed("database");
    context.log("warn", "a client's login failed", { cause: "not a database of its [[users]] entry", user, database });
    this.#refuse(caller, forbiddenDatabase(asked));
  }

  #refuse({ socket }: Caller, error: ErrorFields): void {
    this.#o.gauges.add(this.#o.thread, CLIENT_CONNECTIONS, -1);
    sayGoodbye(socket, encodeError(error));
  }

  #left(client: Session | ClientLogin): void {
    this.#o.gauges.add(this.#o.thread, CLIENT_CONNECTIONS, -1);
    this.#sessions.delete(client);
    this.#checkIdle();
  }

  /** PostgreSQL closes the connection when the cancel was delivered, and so do we. */
  #cancel(socket: Socket, key: Buffer): void {
    socket.resume();
    void this.#o.cancel(key).then(() => socket.end(() => socket.destroy()));
  }

  #countRefused(): void {
    this.#o.gauges.add(this.#o.thread, REFUSED_CONNECTIONS, 1);
  }

  #turnedAway(message: string, reason?: string): void {
    this.#o.context.refusedLogin();
    this.#o.context.log("info", message, reason === undefined ? {} : { reason });
  }

  #checkIdle(): void {
    if (this.#sessions.size === 0) this.#onIdle?.();
  }
}

/** An entry without databases is for all of them. */
function mayEnter({ databases }: UserConfig, database: string): boolean {
  return databases.length === 0 || databases.includes(database);
}
