// One client with its own primary connection: relays bytes both ways, never rewritten, with backpressure both ways, and
// lets the tap look on.
//
//   client ──data──▶ primary.write ─▶ tap.client     a full buffer on one side pauses the other
//   client ◀──write─ data ◀── primary ─▶ tap.primary
//
// Until the primary's connection is open, TLS included, what the client says to it waits. It ends once, for whichever
// reason comes first, and is closed when the client's last bytes have left.

import type { Socket } from "node:net";
import type { DatabaseConfig } from "../config/config.ts";
import type { Entrant } from "./auth/credential.ts";
import { enterPrimary } from "./auth/enter-primary.ts";
import type { PrimaryLogin } from "./auth/primary-login.ts";
import { type Cancellable, sendCancel } from "./cancel.ts";
import { sayGoodbye } from "./goodbye.ts";
import { badMessageLength, LOGIN_TIMEOUT, primaryUnreachable, primaryWithoutTls, SHUTDOWN } from "./last-words.ts";
import { LoginGate } from "./login-gate.ts";
import type { SessionFacts } from "./mirror/filter.ts";
import { Mirror } from "./mirror/mirror.ts";
import { readAuthentication, readBackendKey } from "./protocol/backend.ts";
import { encodeError, encodeTerminate, type ErrorFields } from "./protocol/encode.ts";
import { BackendMessage } from "./protocol/message-types.ts";
import type { StartupMessage } from "./protocol/startup.ts";
import type { Request } from "./request.ts";
import { SaslOffer } from "./sasl-offer.ts";
import { framesOf } from "./frames-of.ts";
import { factsOf, startupFor } from "./session-facts.ts";
import { endWithin, onBytes } from "./sockets.ts";
import type { Tap, TapOptions } from "./tap.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { ClientFacts } from "./thread-messages.ts";
import { tlsVersionOf } from "./tls/client-tls.ts";
import { type OpeningFailure, ServerOpening } from "./tls/server-opening.ts";
import { Watch } from "./watch.ts";

/** A client that pipelines deeper than this waits until some of it is answered. */
const PIPELINE_MAX = 10_000;
const CANCEL_TIMEOUT_MS = 5000;
/** The primary has this long to take what its client said last. */
const LEAVE_PRIMARY_MS = 5000;

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
  readonly #opening: ServerOpening;
  readonly #server: DatabaseConfig;
  readonly #startup: StartupMessage;
  readonly #facts: SessionFacts;
  readonly #tap: Watch;
  readonly #gate = new LoginGate();
  readonly #entrant: Entrant | null;
  /** Only while pgsoak itself logs in to the primary. */
  #entry: PrimaryLogin | null;
  readonly #mirrors: Mirror[] = [];
  readonly #loginTimer: NodeJS.Timeout;
  readonly #onClosed: () => void;
  readonly #connectedAt: number;
  readonly #clientTls: string;
  /** Null until it can carry the protocol. */
  #primary: Socket | null = null;
  #primaryTls = "";
  /** For the primary, until it is there: the startup packet, and one chunk at most behind it. */
  #early: Buffer[];
  /** Null: the primary's messages pass as they are. */
  #saslOffer: SaslOffer | null = null;
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
    this.#clientTls = tlsVersionOf(client);
    this.#facts = factsOf(startup);
    this.#entry = this.#entrant === null ? null : this.#enter(this.#entrant);
    this.#early = [startupFor(server, startup, options.packet, this.#entry === null ? null : server.user)];
    this.#tap = this.#watch();
    const { config, recording } = context;
    const leftMs = config.general.loginTimeoutMs - (recording.clock.nowMs() - options.sinceMs);
    this.#loginTimer = setTimeout(() => this.#loginTimedOut(), Math.max(0, leftMs));
    this.#opening = new ServerOpening(server, {
      opened: (socket, tls) => this.#primaryOpened(socket, tls),
      failed: (failure) => this.#primaryUnreachable(failure),
    });
    this.#wireClient();
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
    const state = !this.#loggedIn
      ? "login"
      : this.#tap.isLost
        ? "unwatched"
        : requests > 0
          ? "active"
          : this.#tap.idle
            ? "idle"
            : "transaction";
    const address = remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
    const tls = { clientTls: this.#clientTls, primaryTls: this.#primaryTls };
    return { database, user, application, address, state, connectedAt: this.#connectedAt, requests, ...tls };
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
      answer: (bytes) => this.#primary?.write(bytes),
      end: (error) => this.#end(error),
      isOver: () => this.#ended,
    });
  }

  #watch(): Watch {
    const context = this.#context;
    const mirrorings = context.mirroringsOf(this.#server.name);
    const options = {
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
    } satisfies TapOptions;
    return new Watch(options, (error, tap) => this.#watchLost(error, tap));
  }

  /** A defect: what is known of the session may be wrong. Its client goes on, its mirrors don't. */
  #watchLost(error: unknown, tap: Tap): void {
    const context = this.#context;
    context.unwatched(1);
    context.log("error", "a session can't be followed any more: it goes on unmirrored", {
      database: this.#server.name,
      ...framesOf(error),
    });
    const mirrors = this.#mirrors.splice(0);
    for (const { lane } of mirrors) context.recording.undecidedAreLost(lane);
    try {
      const cut = tap.end();
      for (const mirror of mirrors) mirror.leave(cut);
    } catch {
      for (const mirror of mirrors) mirror.abort();
    }
    if (this.#ended) context.unwatched(-1);
    // Before that the login can't go on: what it waits for is not seen.
    if (!this.#loggedIn) {
      this.#end(null);
      return;
    }
    this.#toPrimary(this.#gate.open());
    this.#gateOpened();
  }

  #wireClient(): void {
    const client = this.#client;
    onBytes(client, (chunk) => {
      this.#fromClient(chunk);
      this.#considerEnd();
    });
    client.on("drain", () => this.#primary?.resume());
    client.on("end", () => {
      this.#clientDone = true;
      if (!this.#gate.holds && this.#entry === null) this.#primary?.end();
    });
    client.on("error", () => undefined); // "close" follows
    client.on("close", () => {
      this.#end(null);
      this.#close();
    });
    client.on("finish", () => this.#close());
  }

  #wirePrimary(primary: Socket): void {
    onBytes(primary, (chunk) => {
      this.#fromPrimary(chunk);
      this.#considerEnd();
    });
    primary.on("drain", () => this.#resumeClient());
    // A server never closes only one of its directions: this is its end, though our socket knows half of it.
    const lost = (): void => this.#end(this.#refused ? this.#frameError() : null);
    primary.on("end", lost);
    primary.on("error", (error: NodeJS.ErrnoException) => {
      if (!this.#answered) this.#primaryUnreachable({ tls: false, cause: error.code ?? "error" });
    });
    primary.on("close", lost);
  }

  #primaryOpened(primary: Socket, tls: string): void {
    this.#primary = primary;
    this.#primaryTls = tls;
    if (tls !== "" && this.#clientTls === "" && this.#entry === null) this.#saslOffer = new SaslOffer();
    this.#wirePrimary(primary);
    for (const bytes of this.#early) primary.write(bytes);
    this.#early = [];
    this.#gateOpened();
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
    if (bytes.length === 0) return;
    if (this.#primary === null) {
      this.#early.push(bytes);
      this.#client.pause();
    } else if (!this.#primary.write(bytes)) this.#client.pause();
  }

  #fromPrimary(sent: Buffer): void {
    if (this.#ended) return;
    const heard = this.#heard(sent);
    // What it said may have ended the session, and then the client has heard its last word.
    if (this.#ended || heard.length === 0) return;
    this.#answered = true;
    if (!this.#client.write(heard)) this.#primary!.pause();
    if (this.#tap.primary(heard)) {
      // Its answer may have taken any number of requests off the pipeline.
      if (this.#client.isPaused()) this.#resumeClient();
      return;
    }
    const length = this.#tap.badFromPrimary?.length;
    this.#context.log("error", "the primary sent a frame that cannot be followed", {
      database: this.#server.name,
      length,
    });
    this.#end(null);
  }

  /** What of the primary's bytes is for the client. */
  #heard(sent: Buffer): Buffer {
    if (this.#entry !== null) return this.#entry.take(sent);
    const offer = this.#saslOffer;
    if (offer === null) return sent;
    const heard = offer.take(sent);
    if (offer.isOver) this.#saslOffer = null;
    return heard;
  }

  #resumeClient(): void {
    if (this.#ended || this.#refused || this.#gate.holds || this.#primary?.writableNeedDrain !== false) return;
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
      const mirror = new Mirror({
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
    if (this.#clientDone) this.#primary?.end();
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

  #primaryUnreachable({ tls, cause }: OpeningFailure): void {
    if (this.#ended) return;
    const database = this.#server.name;
    if (tls) this.#context.log("warn", "TLS with the primary could not be established", { database, cause });
    else this.#context.log("warn", "the primary cannot be reached", { database, cause });
    this.#end(tls ? primaryWithoutTls(database, cause) : primaryUnreachable(database, cause));
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
    if (this.#tap.isLost) this.#context.unwatched(-1);
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
    if (primary === null) {
      this.#opening.abort();
      return;
    }
    if (!primary.writable || primary.writableNeedDrain || primary.readableEnded) {
      primary.destroy();
      return;
    }
    if (this.#loggedIn && this.#tap.clientAtBoundary) primary.write(encodeTerminate());
    endWithin(primary, LEAVE_PRIMARY_MS);
  }
}
