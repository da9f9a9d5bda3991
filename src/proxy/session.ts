// One client with its own primary connection: relays bytes both ways, never rewritten, with backpressure both ways, and
// lets the tap look on.
//
//   client ──data──▶ primary.write ─▶ tap.client     a full buffer on one side pauses the other
//   client ◀──write─ data ◀── primary ─▶ tap.primary

import type { Socket } from "node:net";
import type { DatabaseConfig } from "../config/config.ts";
import { type Cancellable, sendCancel } from "./cancel.ts";
import { sayGoodbye } from "./handshake.ts";
import { LoginGate } from "./login-gate.ts";
import { MirrorSession } from "./mirror/session.ts";
import type { SessionFacts } from "./mirror/filter.ts";
import { readAuthentication, readBackendKey } from "./protocol/backend.ts";
import { encodeTerminate, type ErrorFields } from "./protocol/encode.ts";
import { BackendMessage } from "./protocol/message-types.ts";
import { Sqlstate } from "./protocol/sqlstate.ts";
import { encodeStartup, type StartupMessage, textToWire, wireToText } from "./protocol/startup.ts";
import type { Request } from "./request.ts";
import { connectTo, onBytes } from "./sockets.ts";
import { Tap } from "./tap.ts";
import type { ThreadContext } from "./thread-context.ts";

/** A client that pipelines deeper than this waits until some of it is answered. */
const PIPELINE_MAX = 10_000;
const CANCEL_TIMEOUT_MS = 5000;
/** Authentication codes that ask nothing of the client: Ok and SASLFinal. */
const ASKS_NOTHING = new Set(["ok", "sasl_final"]);

const SHUTDOWN: ErrorFields = {
  severity: "FATAL",
  sqlstate: Sqlstate.AdminShutdown,
  message: "terminating connection due to administrator command",
};

export class Session implements Cancellable {
  readonly #context: ThreadContext;
  readonly #client: Socket;
  readonly #primary: Socket;
  readonly #server: DatabaseConfig;
  readonly #startup: StartupMessage;
  readonly #facts: SessionFacts;
  readonly #tap: Tap;
  readonly #gate = new LoginGate();
  readonly #mirrors: MirrorSession[] = [];
  readonly #loginTimer: NodeJS.Timeout;
  readonly #onEnded: () => void;
  #held: Buffer | null = null;
  #asked = false;
  #loggedIn = false;
  #key: Buffer | null = null;
  #stopping = false;
  #refused = false;
  #ended = false;
  #answered = false;

  constructor(options: {
    context: ThreadContext;
    client: Socket;
    server: DatabaseConfig;
    startup: StartupMessage;
    /** The StartupMessage as the client sent it. */
    packet: Buffer;
    /** What came behind it. */
    rest: Buffer;
    onEnded: () => void;
  }) {
    const { context, client, server, startup } = options;
    this.#context = context;
    this.#client = client;
    this.#server = server;
    this.#startup = startup;
    this.#onEnded = options.onEnded;
    this.#facts = factsOf(startup);
    const mirrorings = context.mirroringsOf(server.name);
    this.#tap = new Tap({
      book: context.book,
      budget: context.budget,
      lengthMax: context.config.general.maxMessageBytes,
      mirrored: mirrorings.length > 0,
      content: mirrorings.some((mirroring) => mirroring.config.compare === "content"),
      nextRequestId: () => context.recording.nextRequestId(),
      nowMs: () => context.recording.clock.nowMs(),
      wantsBytes: (request) => this.#mirrors.some((mirror) => mirror.mayTake(request)),
      announce: (request) => this.#announce(request),
      primarySettled: (request) => this.#primarySettled(request),
      loginFrame: (type, buffer, start, end) => this.#loginFrame(type, buffer, start, end),
    });
    this.#loginTimer = setTimeout(() => this.#loginTimedOut(), context.config.general.loginTimeoutMs);
    this.#primary = connectTo(server);
    this.#primary.on("connect", () => {
      this.#primary.write(startupFor(server, startup, options.packet));
      if (options.rest.length > 0) this.#fromClient(options.rest);
      if (this.#held === null) this.#client.resume();
    });
    this.#wire();
  }

  /** The client's CancelRequest: goes to the primary, and to the mirrors for the request that is in flight there. */
  async cancel(): Promise<void> {
    const request = this.#tap.current;
    if (this.#key === null) return;
    if (request !== null) request.cancelled = true;
    const sent = sendCancel(this.#server, this.#key, CANCEL_TIMEOUT_MS);
    for (const mirrored of request?.mirrors ?? []) mirrored.owner.cancelled(mirrored);
    await sent;
  }

  /** Ends as soon as no transaction is open. */
  stop(): void {
    this.#stopping = true;
    if (!this.#loggedIn || this.#tap.idle) this.terminate(SHUTDOWN);
  }

  /** Ends now, with a last word to the client where the protocol has room for one. */
  terminate(error: ErrorFields = SHUTDOWN): void {
    if (this.#ended) return;
    if (this.#tap.primaryAtBoundary && this.#client.writable) sayGoodbye(this.#client, error);
    else this.#client.destroy();
    this.#end();
  }

  #wire(): void {
    const client = this.#client;
    const primary = this.#primary;
    client.pause();
    onBytes(client, (chunk) => this.#fromClient(chunk));
    client.on("drain", () => primary.resume());
    client.on("end", () => (this.#loggedIn ? primary.end() : this.#end()));
    client.on("error", () => undefined); // "close" follows
    client.on("close", () => this.#end());
    onBytes(primary, (chunk) => this.#fromPrimary(chunk));
    primary.on("drain", () => this.#resumeClient());
    primary.on("end", () => client.end());
    primary.on("error", (error: NodeJS.ErrnoException) => this.#primaryFailed(error));
    primary.on("close", () => {
      client.end();
      client.destroySoon();
      this.#end();
    });
  }

  #fromClient(chunk: Buffer): void {
    if (!this.#loggedIn) {
      this.#beforeLogin(chunk);
      return;
    }
    if (!this.#primary.write(chunk)) this.#client.pause();
    if (!this.#tap.client(chunk)) this.#refuseFrame();
    if (this.#tap.depth > PIPELINE_MAX) this.#client.pause();
  }

  #fromPrimary(chunk: Buffer): void {
    this.#answered = true;
    if (!this.#client.write(chunk)) this.#primary.pause();
    if (this.#tap.primary(chunk)) return;
    this.#context.log("error", "the primary sent a frame that cannot be followed", {
      database: this.#server.name,
      length: this.#tap.badFromPrimary?.length,
    });
    this.#client.destroySoon();
    this.#end();
  }

  #resumeClient(): void {
    if (!this.#refused && this.#held === null && this.#tap.depth <= PIPELINE_MAX) this.#client.resume();
  }

  /** Only answers to the primary's authentication requests pass before it has let the client in. */
  #beforeLogin(chunk: Buffer): void {
    // Anything else in place of an answer is an error that the primary knows best how to report.
    const passed = this.#held !== null ? 0 : this.#gate.pass(chunk);
    if (passed > 0) {
      this.#asked = false;
      if (!this.#primary.write(passed === chunk.length ? chunk : chunk.subarray(0, passed))) this.#client.pause();
    }
    if (passed === chunk.length) return;
    const rest = chunk.subarray(passed);
    if (this.#asked) {
      this.#primary.write(rest);
      return;
    }
    this.#held = this.#held === null ? rest : Buffer.concat([this.#held, rest]);
    this.#client.pause();
  }

  #loginFrame(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case BackendMessage.Authentication:
        this.#asked = !ASKS_NOTHING.has(readAuthentication(buffer, start, end).type);
        if (this.#asked && this.#held !== null) {
          this.#primary.write(this.#held);
          this.#held = null;
          this.#client.resume();
        }
        return;
      case BackendMessage.BackendKeyData:
        this.#key = readBackendKey(buffer, start, end);
        if (this.#key !== null) this.#context.cancels.add(this.#key, this);
        return;
      case BackendMessage.ReadyForQuery:
        this.#letIn();
        return;
      default:
        return;
    }
  }

  #letIn(): void {
    clearTimeout(this.#loginTimer);
    this.#loggedIn = true;
    this.#context.loggedIn(1);
    this.#tap.loggedIn();
    const { recording } = this.#context;
    const session = recording.nextSessionId();
    for (const destination of this.#context.mirroringsOf(this.#server.name)) {
      const lane = recording.laneId(destination.config.name, this.#facts.database);
      const mirror = new MirrorSession({
        destination,
        session,
        lane,
        facts: this.#facts,
        parameters: this.#startup.parameters,
        onClosed: () => this.#context.mirrorSessions.delete(mirror),
      });
      this.#context.mirrorSessions.add(mirror);
      this.#mirrors.push(mirror);
    }
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.#fromClient(held);
    if (this.#stopping) this.terminate(SHUTDOWN);
    else this.#resumeClient();
  }

  #announce(request: Request): void {
    const { chunks, bytes } = request;
    request.letGo(this.#context.budget);
    for (const mirror of this.#mirrors) mirror.announce({ request, chunks, bytes });
  }

  #primarySettled(request: Request): void {
    for (const mirrored of request.mirrors) mirrored.owner.primarySettled(mirrored);
    if (this.#ended) return;
    if (this.#refused && this.#tap.depth === 0) this.terminate(this.#frameError());
    else if (this.#stopping && this.#tap.idle) this.terminate(SHUTDOWN);
    else if (this.#tap.depth === PIPELINE_MAX && !this.#primary.writableNeedDrain) this.#resumeClient();
  }

  /** The client sent a length that no message may have: what came before is answered, then it ends. */
  #refuseFrame(): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#client.pause();
    this.#context.refusedMessage();
    this.#context.log("warn", "client sent a message of an invalid length", {
      database: this.#server.name,
      length: this.#tap.badFromClient?.length,
    });
    if (this.#tap.depth === 0) this.terminate(this.#frameError());
  }

  #frameError(): ErrorFields {
    const length = this.#tap.badFromClient?.length ?? 0;
    const max = this.#context.config.general.maxMessageBytes;
    const message = `invalid message length: ${length}`;
    return {
      severity: "FATAL",
      sqlstate: Sqlstate.ProtocolViolation,
      message,
      detail: `A message length is from 4 to ${max}.`,
    };
  }

  #primaryFailed(error: NodeJS.ErrnoException): void {
    if (this.#ended || this.#answered) return;
    this.#context.log("warn", "the primary cannot be reached", { database: this.#server.name, cause: error.code });
    this.terminate({
      severity: "FATAL",
      sqlstate: Sqlstate.CannotConnectNow,
      message: "the primary server cannot be reached",
      detail: `pgsoak could not connect to the server of database entry "${this.#server.name}": ${error.code ?? "error"}.`,
    });
  }

  #loginTimedOut(): void {
    this.#context.refusedLogin();
    this.terminate({
      severity: "FATAL",
      sqlstate: Sqlstate.QueryCanceled,
      message: "canceling authentication due to timeout",
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#loginTimer);
    if (this.#loggedIn) this.#context.loggedIn(-1);
    if (this.#key !== null) this.#context.cancels.remove(this.#key, this);
    this.#leavePrimary();
    if (!this.#client.writableEnded) this.#client.destroy();
    const cut = this.#tap.end();
    for (const mirror of this.#mirrors) mirror.leave(cut);
    this.#onEnded();
  }

  /** A goodbye may only stand behind a whole frame: in the middle of one it would be taken for its bytes. */
  #leavePrimary(): void {
    const primary = this.#primary;
    if (!primary.writable || primary.writableNeedDrain) {
      primary.destroy();
      return;
    }
    if (this.#loggedIn && this.#tap.clientAtBoundary) primary.write(encodeTerminate());
    primary.destroySoon();
  }
}

/** The client's own packet, byte for byte, unless the entry sends it to a database of another name. */
function startupFor(server: DatabaseConfig, startup: StartupMessage, packet: Buffer): Buffer {
  if (server.databaseName === null) return packet;
  const parameters = new Map(startup.parameters);
  parameters.set("database", textToWire(server.databaseName));
  return encodeStartup(startup.major, startup.minor, parameters);
}

/** The database that a client asks for: its user's name when it names none. */
export function databaseOf(startup: StartupMessage): string {
  const user = startup.parameters.get("user") ?? "";
  return wireToText(startup.parameters.get("database") || user);
}

function factsOf(startup: StartupMessage): SessionFacts {
  const { parameters } = startup;
  return {
    user: wireToText(parameters.get("user") ?? ""),
    database: databaseOf(startup),
    application: wireToText(parameters.get("application_name") ?? ""),
    replication: isReplication(parameters.get("replication")),
  };
}

/** PostgreSQL's reading of the startup parameter `replication`: a boolean, or `database`. */
function isReplication(value: string | undefined): boolean {
  if (value === undefined || value === "") return false;
  return !["false", "off", "no", "0", "f", "n", "of"].includes(value.toLowerCase());
}
