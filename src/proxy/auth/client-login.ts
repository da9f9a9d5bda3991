// A client on its way in under auth = "userlist": pgsoak itself finds out whether it is who it says, before a connection to
// the primary is opened for it. An explicit state machine: what comes out of turn ends the connection.
//
//   preparing ─▶ asking ─ proved ──▶ over (admitted)
//                  ├── wrong ──────▶ delayed ─▶ over
//                  └── malformed, out of turn, too late, stopped ─▶ over

import type { Socket } from "node:net";
import type { UserConfig } from "../../config/config.ts";
import type { LoginFailure } from "../gauges.ts";
import { sayGoodbye } from "../goodbye.ts";
import { LOGIN_TIMEOUT, SHUTDOWN, wrongPassword } from "../last-words.ts";
import { encodeError, type ErrorFields } from "../protocol/encode.ts";
import { FrameBuffer, type WholeFrame } from "../protocol/frame-buffer.ts";
import { SASL_BYTES_MAX, SASL_OFFER, SaslExchange, unexpectedType } from "../protocol/sasl-exchange.ts";
import type { ScramVerifier } from "../protocol/scram-verifier.ts";
import { Sqlstate } from "../protocol/sqlstate.ts";
import type { StartupMessage } from "../protocol/startup.ts";
import { factsOf } from "../session-facts.ts";
import type { ThreadContext } from "../thread-context.ts";
import type { ClientFacts } from "../thread-messages.ts";
import { tlsVersionOf } from "../tls/client-tls.ts";
import type { Entrant } from "./credential.ts";

/** Whoever guesses waits for each answer, and takes up one of `max_connections` meanwhile. */
const FAILED_LOGIN_DELAY_MS = 500;
/** A length includes itself. */
const LENGTH_MAX = SASL_BYTES_MAX + 4;
const LOGGED_CHARACTERS_MAX = 63;

const CANNOT_CHECK: ErrorFields = {
  severity: "FATAL",
  sqlstate: Sqlstate.InternalError,
  message: "pgsoak cannot check passwords; its log says why",
};

export interface ClientLoginOptions {
  readonly context: ThreadContext;
  readonly client: Socket;
  readonly startup: StartupMessage;
  /** What came behind the StartupMessage. */
  readonly rest: Buffer;
  /** When the client connected, in monotonic milliseconds: its time for the login runs since then. */
  readonly sinceMs: number;
  /** The client is who it says; its socket is the caller's now, and `rest` what it sent behind its proof. */
  readonly onAdmitted: (entrant: Entrant, entry: UserConfig, rest: Buffer) => void;
  /** It is not, and nothing of it is left. */
  readonly onClosed: () => void;
}

export class ClientLogin {
  readonly #o: ClientLoginOptions;
  readonly #facts: ReturnType<typeof factsOf>;
  readonly #frames = new FrameBuffer(LENGTH_MAX);
  readonly #connectedAt: number;
  readonly #timer: NodeJS.Timeout;
  #state: "preparing" | "asking" | "delayed" | "over" = "preparing";
  #verifier: ScramVerifier | null = null;
  #entry: UserConfig | null = null;
  #exchange: SaslExchange | null = null;
  #delay: NodeJS.Timeout | undefined;

  constructor(options: ClientLoginOptions) {
    const { context, client, startup, rest } = options;
    const { clock } = context.recording;
    this.#o = options;
    this.#facts = factsOf(startup);
    this.#connectedAt = clock.wallUs();
    const leftMs = context.config.general.loginTimeoutMs - (clock.nowMs() - options.sinceMs);
    this.#timer = setTimeout(() => this.#late(), Math.max(0, leftMs));
    client.pause();
    client.on("data", this.#onData).on("error", this.#onError).on("end", this.#onEnd);
    client.on("finish", this.#onClose).on("close", this.#onClose);
    this.#frames.add(rest);
    void this.#prepare();
  }

  clientFacts(): ClientFacts {
    const { database, user, application } = this.#facts;
    const { client } = this.#o;
    const tls = { clientTls: tlsVersionOf(client), primaryTls: "" };
    const connectedAt = this.#connectedAt;
    return {
      database,
      user,
      application,
      address: addressOf(client),
      state: "login",
      connectedAt,
      requests: 0,
      ...tls,
    };
  }

  stop(): void {
    this.#end(SHUTDOWN);
  }

  /** Ends now, with a last word. Called again: at once. */
  terminate(): void {
    if (this.#state === "over") this.#o.client.destroy();
    else this.#end(SHUTDOWN);
  }

  async #prepare(): Promise<void> {
    const { context, client } = this.#o;
    const { user, database } = this.#facts;
    try {
      const { verifier, entry } = await context.verifiers.find(user, database);
      if (this.#state !== "preparing") return;
      this.#verifier = verifier;
      this.#entry = entry;
      this.#exchange = new SaslExchange(verifier, entry === null);
    } catch (error) {
      context.log("error", "clients' passwords cannot be checked", { cause: String(error) });
      this.#end(CANNOT_CHECK);
      return;
    }
    this.#state = "asking";
    client.write(SASL_OFFER);
    client.resume();
    this.#goOn();
  }

  // The socket's listeners, to be taken off one by one: others are its own.

  readonly #onData = (chunk: unknown): void => {
    if (this.#state !== "asking" || !Buffer.isBuffer(chunk)) return;
    this.#frames.add(chunk);
    this.#goOn();
  };

  readonly #onError = (): void => undefined; // "close" follows

  /** A client that leaves when it is asked for a password comes back with one: that is no failure. */
  readonly #onEnd = (): void => {
    if (this.#state === "delayed") return;
    this.#leave();
    this.#o.client.destroy();
  };

  readonly #onClose = (): void => {
    this.#leave();
    this.#o.onClosed();
    this.#letGo();
  };

  #letGo(): void {
    const { client } = this.#o;
    client.off("data", this.#onData).off("end", this.#onEnd);
    client.off("finish", this.#onClose).off("close", this.#onClose);
  }

  #goOn(): void {
    while (this.#state === "asking" && this.#frames.type !== null) {
      const unexpected = unexpectedType(this.#frames.type);
      if (unexpected !== null) return this.#refuse(unexpected);
      const frame = this.#frames.next();
      if (frame === null) return;
      // PostgreSQL doesn't say what is wrong with it either.
      if (frame === "invalid") return this.#fail("protocol", "a SASL message of an invalid length");
      this.#answer(frame);
    }
  }

  #answer({ body }: WholeFrame): void {
    const step = this.#exchange!.receive(body);
    switch (step.type) {
      case "continue":
        this.#o.client.write(step.send);
        return;
      case "proved":
        return this.#admit(step.clientKey, step.send);
      case "wrong":
        return this.#fail("password", this.#entry === null ? "no [[users]] entry" : "wrong password");
      case "refused":
        return this.#refuse(step.error);
    }
  }

  #admit(clientKey: Buffer, last: Buffer): void {
    const { context, client } = this.#o;
    const { user, database } = this.#facts;
    // It has had all the time of its login to prove a password that a reload may have taken away.
    const entry = context.verifiers.standing(this.#entry!, user, database);
    if (entry === null) return this.#fail("password", "its [[users]] entry has changed meanwhile");
    client.write(last);
    const { serverKey, salt, iterations } = this.#verifier!;
    this.#leave();
    this.#letGo();
    const keys = { clientKey, serverKey, salt, iterations };
    this.#o.onAdmitted({ user, keys }, entry, this.#frames.rest());
  }

  /** Wrong, and told so after a while. */
  #fail(why: LoginFailure, cause: string): void {
    this.#state = "delayed";
    // It has its answer: it is not late as well.
    clearTimeout(this.#timer);
    this.#o.client.pause();
    this.#count(why, cause);
    this.#delay = setTimeout(() => this.#end(wrongPassword(this.#facts.user)), FAILED_LOGIN_DELAY_MS);
  }

  #refuse(error: ErrorFields): void {
    this.#count("protocol", error.message);
    this.#end(error);
  }

  /** Unlike the client, the operator may know which it was. */
  #count(reason: LoginFailure, cause: string): void {
    const { context, client } = this.#o;
    const { user, database } = this.#facts;
    context.loginFailed(reason);
    context.log("warn", "a client's login failed", {
      cause,
      user: user.slice(0, LOGGED_CHARACTERS_MAX),
      database: database.slice(0, LOGGED_CHARACTERS_MAX),
      address: addressOf(client),
    });
  }

  #late(): void {
    const { context } = this.#o;
    context.refusedLogin();
    const database = this.#facts.database.slice(0, LOGGED_CHARACTERS_MAX);
    context.log("info", "a client did not log in in time", { database });
    this.#end(LOGIN_TIMEOUT);
  }

  #end(error: ErrorFields): void {
    if (this.#state === "over") return;
    this.#leave();
    sayGoodbye(this.#o.client, encodeError(error));
  }

  #leave(): void {
    this.#state = "over";
    clearTimeout(this.#timer);
    clearTimeout(this.#delay);
  }
}

const addressOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
