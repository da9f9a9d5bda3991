// One client with its own primary connection: relays bytes both ways, never rewritten, with backpressure both ways, and
// lets the tap look on.
//
//   client ──data──▶ primary.write ─▶ tap.client     a full buffer on one side pauses the other
//   client ◀──write─ data ◀── primary ─▶ tap.primary
//
// It ends once, for whichever reason comes first, and is closed when the client's last bytes have left.

import type { Socket } from "node:net";
import type { DatabaseConfig } from "../config/config.ts";
import type { Entrant } from "./auth/credential.ts";
import { enterPrimary } from "./auth/enter-primary.ts";
import type { PrimaryLogin } from "./auth/primary-login.ts";
import { type Cancellable, sendCancel } from "./cancel.ts";
import { sayGoodbye } from "./goodbye.ts";
import { badMessageLength, LOGIN_TIMEOUT, primaryUnreachable, SHUTDOWN } from "./last-words.ts";
import { LoginGate } from "./login-gate.ts";
import { MirrorSession } from "./mirror/session.ts";
import type { SessionFacts } from "./mirror/filter.ts";
import { readAuthentication, readBackendKey } from "./protocol/backend.ts";
import { encodeError, encodeTerminate, type ErrorFields } from "./protocol/encode.ts";
import { BackendMessage } from "./protocol/message-types.ts";
import type { StartupMessage } from "./protocol/startup.ts";
import type { Request } from "./request.ts";
import { factsOf, startupFor } from "./session-facts.ts";
import { connectTo, onBytes } from "./sockets.ts";
import { Tap } from "./tap.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { ClientFacts } from "./thread-messages.ts";

/** A client that pipelines deeper than this waits until some of it is answered. */
const PIPELINE_MAX = 10_000;
const CANCEL_TIMEOUT_MS = 5000;

export interface SessionOptions {
  readonly context: ThreadContext;
  readonly client: Socket;
  readonly server: DatabaseConfig;
  readonly startup: StartupMessage;
  /** The StartupMessage as the client sent it. */
  readonly packet: Buffer;
  /** What came behind it. */
  readonly rest: Buffer;
  /** Who pgsoak has let in, and now logs in for; null: the client logs in to the primary itself. */
  readonly entrant: Entrant | null;
  /** When the client connected, in monotonic milliseconds: its time for the login runs since then. */
  readonly sinceMs: number;
  /** Nothing of it is left. */
  readonly onClosed: () => void;
}

export class Session implements Cancellable {
  readonly #context: ThreadContext;
  readonly #client: Socket;
  readonly #primary: Socket;
  readonly #server: DatabaseConfig;
  readonly #startup: StartupMessage;
  readonly #facts: SessionFacts;
  readonly #tap: Tap;
  readonly #gate = new LoginGate();
  readonly #entrant: Entrant | null;
  /** Only while pgsoak itself logs in to the primary. */
  #entry: PrimaryLogin | null;
  readonly #mirrors: MirrorSession[] = [];
  readonly #loginTimer: NodeJS.Timeout;
  readonly #onClosed: () => void;
  readonly #connectedAt: number;
  #loggedIn = false;
  #key: Buffer | null = null;
  /** The client has closed its side. */
  #clientDone = false;
  /** The primary has said something. */
  #answered = false;
  /** Cancels that may still hit whatever runs. */
  #cancels = 0;
  #stopping = false;
  /** The client sent a length that no message may have: nothing behind it is looked at. */
  #refused = false;
  #ended = false;
  #closed = false;

  constructor(options: SessionOptions) {
    const { context, client, server, startup } = options;
    this.#context = context;
    this.#client = client;
    this.#server = server;
    this.#startup = startup;
    this.#entrant = options.entrant;
    this.#onClosed = options.onClosed;
    this.#connectedAt = context.recording.clock.wallUs();
    this.#facts = factsOf(startup);
    this.#tap = this.#createTap();
    const { config, recording } = context;
    const leftMs = config.general.loginTimeoutMs - (recording.clock.nowMs() - options.sinceMs);
    this.#loginTimer = setTimeout(() => this.#loginTimedOut(), Math.max(0, leftMs));
    this.#primary = connectTo(server);
    this.#wire();
    this.#entry = this.#entrant === null ? null : this.#enter(this.#entrant);
    this.#primary.write(startupFor(server, startup, options.packet, this.#entry === null ? null : server.user));
    if (options.rest.length > 0) this.#fromClient(options.rest);
  }

  /** The client's CancelRequest: goes to the primary, and to the mirrors for the request that is in flight there. */
  async cancel(): Promise<void> {
    if (this.#key === null) return;
    this.#cancels++;
    this.#markCancelled();
    const sent = sendCancel(this.#server, this.#key, CANCEL_TIMEOUT_MS);
    for (const mirrored of this.#tap.current?.mirrors ?? []) mirrored.owner.cancelled(mirrored);
    await sent;
    this.#markCancelled();
    this.#cancels--;
  }

  clientFacts(): ClientFacts {
    const { database, user, application } = this.#facts;
    const { remoteAddress, remotePort } = this.#client;
    const requests = this.#tap.depth;
    const state = !this.#loggedIn ? "login" : requests > 0 ? "active" : this.#tap.idle ? "idle" : "transaction";
    const address = remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
    return { database, user, application, address, state, connectedAt: this.#connectedAt, requests };
  }

  /** Ends as soon as no transaction is open. */
  stop(): void {
    this.#stopping = true;
    if (!this.#loggedIn) this.#end(SHUTDOWN);
    else this.#considerEnd();
  }

  /** Ends now, with a last word to the client where the protocol has room for one. Called again: at once. */
  terminate(error: ErrorFields = SHUTDOWN): void {
    if (this.#ended) this.#client.destroy();
    else this.#end(error);
  }

  #enter(entrant: Entrant): PrimaryLogin {
    return enterPrimary({
      context: this.#context,
      server: this.#server,
      facts: this.#facts,
      entrant,
      answer: (bytes) => this.#primary.write(bytes),
      end: (error) => this.#end(error),
      isOver: () => this.#ended,
    });
  }

  #createTap(): Tap {
    const context = this.#context;
    const mirrorings = context.mirroringsOf(this.#server.name);
    return new Tap({
      book: context.book,
      budget: context.budget,
      lengthMax: context.config.general.maxMessageBytes,
      mirrored: mirrorings.length > 0,
      content: () => mirrorings.some((mirroring) => mirroring.config.compare === "content"),
      nextRequestId: () => context.recording.nextRequestId(),
      nowMs: () => context.recording.clock.nowMs(),
      wantsBytes: (request) => this.#mirrors.some((mirror) => mirror.mayTake(request)),
      announce: (request) => this.#announce(request),
      primarySettled: (request) => this.#primarySettled(request),
      loginFrame: (type, buffer, start, end) => this.#loginFrame(type, buffer, start, end),
    });
  }

  #wire(): void {
    const client = this.#client;
    const primary = this.#primary;
    onBytes(client, (chunk) => {
      this.#fromClient(chunk);
      this.#considerEnd();
    });
    client.on("drain", () => primary.resume());
    client.on("end", () => {
      this.#clientDone = true;
      if (!this.#gate.holds && this.#entry === null) primary.end();
    });
    client.on("error", () => undefined); // "close" follows
    client.on("close", () => {
      this.#end(null);
      this.#close();
    });
    client.on("finish", () => this.#close());
    onBytes(primary, (chunk) => {
      this.#fromPrimary(chunk);
      this.#considerEnd();
    });
    primary.on("drain", () => this.#resumeClient());
    // A server never closes only one of its directions: this is its end, though our socket knows half of it.
    const lost = (): void => this.#end(this.#refused ? this.#frameError() : null);
    primary.on("end", lost);
    primary.on("error", (error: NodeJS.ErrnoException) => this.#primaryFailed(error));
    primary.on("close", lost);
  }

  #fromClient(chunk: Buffer): void {
    if (this.#ended || this.#refused) return;
    if (!this.#loggedIn) {
      this.#toPrimary(this.#entry === null ? this.#gate.take(chunk) : this.#gate.hold(chunk));
      if (this.#gate.holds) this.#client.pause();
      return;
    }
    if (chunk.length > this.#context.config.general.maxMessageBytes) {
      // Long enough for a whole message that is too long: it must not get there and be carried out.
      const good = this.#tap.client(chunk);
      this.#toPrimary(good ? chunk : chunk.subarray(0, this.#tap.passed));
      if (!good) this.#refuseFrame();
    } else {
      this.#toPrimary(chunk);
      if (!this.#tap.client(chunk)) this.#refuseFrame();
    }
    if (this.#tap.depth > PIPELINE_MAX) this.#client.pause();
  }

  #toPrimary(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#primary.write(bytes)) this.#client.pause();
  }

  #fromPrimary(chunk: Buffer): void {
    if (this.#ended) return;
    const heard = this.#entry === null ? chunk : this.#entry.take(chunk);
    if (heard.length === 0) return;
    this.#answered = true;
    if (!this.#client.write(heard)) this.#primary.pause();
    if (this.#tap.primary(heard)) return;
    const length = this.#tap.badFromPrimary?.length;
    this.#context.log("error", "the primary sent a frame that cannot be followed", {
      database: this.#server.name,
      length,
    });
    this.#end(null);
  }

  #resumeClient(): void {
    if (this.#ended || this.#refused || this.#gate.holds || this.#primary.writableNeedDrain) return;
    if (this.#tap.depth <= PIPELINE_MAX) this.#client.resume();
  }

  #loginFrame(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case BackendMessage.Authentication:
        this.#toPrimary(this.#gate.asked(readAuthentication(buffer, start, end).type));
        this.#gateOpened();
        return;
      case BackendMessage.BackendKeyData:
        if (this.#key !== null) this.#context.cancels.remove(this.#key, this);
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
    this.#entry = null;
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
        entrant: this.#entrant,
        onClosed: () => this.#context.mirrorSessions.delete(mirror),
      });
      this.#context.mirrorSessions.add(mirror);
      this.#mirrors.push(mirror);
    }
    const held = this.#gate.open();
    if (held.length > 0) this.#fromClient(held);
    this.#gateOpened();
  }

  /** What waited at the gate may have gone: the client goes on, if only to its end. */
  #gateOpened(): void {
    // While pgsoak logs in, an end would be the login's.
    if (this.#gate.holds || this.#entry !== null) return;
    if (this.#clientDone) this.#primary.end();
    else this.#resumeClient();
  }

  #announce(request: Request): void {
    if (this.#cancels > 0) this.#markCancelled();
    const { chunks, bytes } = request;
    request.letGo(this.#context.budget);
    for (const mirror of this.#mirrors) {
      // Counted here, by the client's side alone, before the mirror's side decides anything.
      this.#context.recording.seen(mirror.lane);
      mirror.announce({ request, chunks, bytes });
    }
  }

  #primarySettled(request: Request): void {
    if (this.#cancels > 0) this.#markCancelled();
    for (const mirrored of request.mirrors) mirrored.owner.primarySettled(mirrored);
    for (const follow of request.followers) follow();
    if (this.#tap.depth === PIPELINE_MAX) this.#resumeClient();
  }

  #markCancelled(): void {
    const request = this.#tap.current;
    if (request !== null) request.cancelled = true;
  }

  /** Asked behind every chunk, when the scanners stand where the streams do: whether the session ends here. */
  #considerEnd(): void {
    if (this.#ended) return;
    if (this.#refused) {
      if (!this.#tap.answerIsComing) this.#end(this.#frameError());
    } else if (this.#stopping && this.#tap.idle && this.#tap.primaryAtBoundary) {
      this.#end(SHUTDOWN);
    }
  }

  /** What came before is still answered. */
  #refuseFrame(): void {
    this.#refused = true;
    this.#client.pause();
    this.#context.refusedMessage();
    this.#context.log("warn", "client sent a message of an invalid length", {
      database: this.#server.name,
      length: this.#tap.badFromClient?.length,
    });
  }

  #frameError(): ErrorFields {
    return badMessageLength(this.#tap.badFromClient?.length ?? 0, this.#context.config.general.maxMessageBytes);
  }

  #primaryFailed(error: NodeJS.ErrnoException): void {
    if (this.#ended || this.#answered) return;
    this.#context.log("warn", "the primary cannot be reached", { database: this.#server.name, cause: error.code });
    this.#end(primaryUnreachable(this.#server.name, error.code));
  }

  #loginTimedOut(): void {
    this.#context.refusedLogin();
    this.#context.log("info", "a client did not log in in time", { database: this.#server.name });
    this.#end(LOGIN_TIMEOUT);
  }

  #end(error: ErrorFields | null): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#loginTimer);
    if (this.#loggedIn) this.#context.loggedIn(-1);
    if (this.#key !== null) this.#context.cancels.remove(this.#key, this);
    this.#leavePrimary();
    sayGoodbye(this.#client, error !== null && this.#tap.primaryAtBoundary ? encodeError(error) : null);
    const cut = this.#tap.end();
    for (const mirror of this.#mirrors) mirror.leave(cut);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
  }

  /** A goodbye may only stand behind a whole frame: in the middle of one it would be taken for its bytes. */
  #leavePrimary(): void {
    const primary = this.#primary;
    if (primary.connecting || !primary.writable || primary.writableNeedDrain || primary.readableEnded) {
      primary.destroy();
      return;
    }
    if (this.#loggedIn && this.#tap.clientAtBoundary) primary.write(encodeTerminate());
    primary.destroySoon();
  }
}
