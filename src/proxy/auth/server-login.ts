// Logs in to a mirror, or to a primary in the name of a client that pgsoak has let in: an explicit state machine without
// I/O, from the first Authentication message to AuthenticationOk. The server is not trusted: whatever it says, the answer is
// a next step or a reason, never an exception, and a server that began a SCRAM exchange must end it properly before its Ok
// counts.
//
//   begun ─ ok ───────────────────────────────────────────────────────────────▶ over (done)
//     ├── cleartext, md5 ─▶ password_sent ─ ok ───────────────────────────────▶ over (done)
//     └── sasl ─▶ sasl_begun ─ continue ─▶ sasl_answered ─ final ─▶ sasl_proved ─ ok ─▶ over (done)

import type { AuthenticationMessage } from "../protocol/backend.ts";
import { encodePassword, encodeSaslInitialResponse, encodeSaslResponse } from "../protocol/encode.ts";
import { wireToText } from "../protocol/startup.ts";
import type { Credential } from "./credential.ts";
import { md5Response } from "./md5.ts";
import { SaltedPasswords } from "./salted-passwords.ts";
import { SCRAM_SHA_256, ScramClient } from "./scram-client.ts";

const SALTED_PASSWORDS_MAX = 64;

/**
 * The memories of all logins of a thread. They hold a pure function's results, so nobody can tell that they are shared. A
 * mirror that asks for a new salt each time, at the most iterations, keeps one thread of the pool busy, and never
 * pushes out what logins to the primary need.
 */
const saltedPasswords = {
  primary: new SaltedPasswords({ max: SALTED_PASSWORDS_MAX, runningMax: Infinity, waitingMax: 0 }),
  mirror: new SaltedPasswords({ max: SALTED_PASSWORDS_MAX, runningMax: 1, waitingMax: 64 }),
};

export interface ServerLoginOptions {
  /** How the reasons call the server. */
  readonly server: "mirror" | "primary";
  /** As it stands in the startup packet: a wire string. */
  readonly user: string;
  /** Null: only a server that asks for nothing can be entered. */
  readonly credential: Credential | null;
  /** Name of the `[[databases]]` entry, for the reasons. */
  readonly database: string;
}

export type LoginStep =
  /** Send this, or nothing, and wait for the next message. */
  | { readonly send: Buffer | null }
  | { readonly done: true }
  /** For the operator; holds no secret and nothing that the server said. */
  | { readonly failed: string };

type State = "begun" | "password_sent" | "sasl_begun" | "sasl_busy" | "sasl_answered" | "sasl_proved" | "over";

export class ServerLogin {
  readonly #options: ServerLoginOptions;
  #state: State = "begun";
  #scram: ScramClient | null = null;

  constructor(options: ServerLoginOptions) {
    this.#options = options;
  }

  /**
   * Takes one Authentication message. After `done` or `failed` every message fails. Only hashing a password takes time:
   * every other step is known at once, so that the message behind it finds the state that it left. Never rejects.
   */
  receive(message: AuthenticationMessage): LoginStep | Promise<LoginStep> {
    const step = this.#step(message);
    return step instanceof Promise ? step.then((later) => this.#taken(later)) : this.#taken(step);
  }

  #taken(step: LoginStep): LoginStep {
    if (!("send" in step)) this.#state = "over";
    return step;
  }

  #step(message: AuthenticationMessage): LoginStep | Promise<LoginStep> {
    switch (message.type) {
      case "ok":
        return this.#ok();
      case "cleartext":
        return this.#password("a password", (password) => password);
      case "md5":
        return this.#password("an MD5-hashed password", (password) =>
          md5Response(this.#options.user, password, message.salt),
        );
      case "sasl":
        return this.#beginSasl(message.mechanisms);
      case "sasl_continue":
        return this.#continueSasl(message.data);
      case "sasl_final":
        return this.#endSasl(message.data);
      case "unsupported":
        return this.#fail(`asks for authentication method ${message.code}, which pgsoak does not have`);
      case "malformed":
        break;
    }
    return this.#fail("sent a malformed authentication request");
  }

  #ok(): LoginStep {
    const allowed = this.#state === "begun" || this.#state === "password_sent" || this.#state === "sasl_proved";
    return allowed ? { done: true } : this.#outOfOrder();
  }

  #password(what: string, answer: (password: string) => string): LoginStep {
    if (this.#state !== "begun") return this.#outOfOrder();
    const { credential } = this.#options;
    if (credential?.type !== "password") return this.#noPassword(what);
    if (credential.scramOnly === true) return this.#scramOnly(what);
    this.#state = "password_sent";
    try {
      return { send: encodePassword(answer(credential.password)) };
    } catch {
      return this.#fail("asks for an MD5-hashed password, and this runtime forbids MD5");
    }
  }

  #beginSasl(mechanisms: readonly string[]): LoginStep {
    if (this.#state !== "begun") return this.#outOfOrder();
    if (!mechanisms.includes(SCRAM_SHA_256)) return this.#fail(`does not offer ${SCRAM_SHA_256}`);
    const { credential } = this.#options;
    if (credential === null) return this.#noPassword("a password");
    this.#state = "sasl_begun";
    this.#scram = new ScramClient(credential, saltedPasswords[this.#options.server]);
    return { send: encodeSaslInitialResponse(SCRAM_SHA_256, this.#scram.first()) };
  }

  async #continueSasl(data: Buffer): Promise<LoginStep> {
    if (this.#state !== "sasl_begun" || this.#scram === null) return this.#outOfOrder();
    this.#state = "sasl_busy";
    const answer = await this.#scram.answer(data);
    if (this.#state !== "sasl_busy") return this.#outOfOrder();
    if ("failed" in answer) return this.#fail(`did not complete the login: ${answer.failed}`);
    this.#state = "sasl_answered";
    return { send: encodeSaslResponse(answer) };
  }

  #endSasl(data: Buffer): LoginStep {
    if (this.#state !== "sasl_answered" || this.#scram === null) return this.#outOfOrder();
    const failure = this.#scram.verify(data);
    if (failure !== null) return this.#fail(`did not complete the login: ${failure.failed}`);
    this.#state = "sasl_proved";
    return { send: null };
  }

  #noPassword(what: string): LoginStep {
    const { user, database, credential } = this.#options;
    const why =
      credential === null
        ? `neither [[databases]] "${database}" nor a [[users]] entry has one`
        : "there is only a scram_verifier, which can't give one";
    return this.#fail(`asks for ${what} for user "${wireToText(user)}", and ${why}`);
  }

  #scramOnly(what: string): LoginStep {
    const { user, database } = this.#options;
    const rule =
      'that of a [[users]] entry is given so only with tls = "verify-full" or "verify-ca", or on this machine';
    const remedy = `let it ask for scram-sha-256, or give [[databases]] "${database}" a password of its own`;
    return this.#fail(`asks for ${what} for user "${wireToText(user)}", and ${rule}: ${remedy}`);
  }

  #outOfOrder(): LoginStep {
    return this.#fail("sent authentication messages out of order");
  }

  #fail(what: string): LoginStep {
    return { failed: `the ${this.#options.server} ${what}` };
  }
}
