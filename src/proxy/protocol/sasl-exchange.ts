// How a client proves to pgsoak who it is: SASL with SCRAM-SHA-256 as the only mechanism, an explicit state machine without
// I/O. What PostgreSQL refuses is refused with its SQLSTATE and words (src/backend/libpq/auth-sasl.c).
//
//   begun ─ SASLInitialResponse ─▶ first ─ client-first ─▶ final ─ client-final ─▶ over (proved, or wrong)
//     └── with a client-first ──────────────────────────▶

import type { ErrorFields } from "./encode.ts";
import { encodeSasl, encodeSaslContinue, encodeSaslFinal } from "./encode-server.ts";
import { FrontendMessage } from "./message-types.ts";
import { ScramError } from "./scram-messages.ts";
import { ScramServer } from "./scram-server.ts";
import type { ScramVerifier } from "./scram-verifier.ts";
import { Sqlstate } from "./sqlstate.ts";

const SCRAM_SHA_256 = "SCRAM-SHA-256";

/** PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH: a longer body is a login that failed. */
export const SASL_BYTES_MAX = 1024;

export type SaslStep =
  | { readonly type: "continue"; readonly send: Buffer }
  /** The client knows the password: send this, then let it in. */
  | { readonly type: "proved"; readonly send: Buffer; readonly clientKey: Buffer }
  | { readonly type: "wrong" }
  | { readonly type: "refused"; readonly error: ErrorFields };

/** AuthenticationSASL: what the exchange begins with. */
export const SASL_OFFER = encodeSasl([SCRAM_SHA_256]);

/** Why a message of this type ends the login; null when it may be an answer. */
export function unexpectedType(type: number): ErrorFields | null {
  if (type === FrontendMessage.Password) return null;
  return violation(`expected SASL response, got message type ${type}`);
}

export class SaslExchange {
  readonly #scram: ScramServer;
  readonly #isMock: boolean;
  #state: "begun" | "first" | "final" | "over" = "begun";

  /** With a mock verifier nobody gets in, whatever is proved. */
  constructor(verifier: ScramVerifier, isMock = false) {
    this.#scram = new ScramServer(verifier);
    this.#isMock = isMock;
  }

  /** Takes the body of one message of type `p`. Behind anything but "continue" the exchange is over. */
  receive(body: Buffer): SaslStep {
    try {
      const step = this.#step(body);
      if (step.type !== "continue") this.#state = "over";
      return step;
    } catch (error) {
      this.#state = "over";
      if (error instanceof ScramError) return { type: "refused", error: error.fields };
      throw error;
    }
  }

  #step(body: Buffer): SaslStep {
    switch (this.#state) {
      case "begun":
        return this.#begin(body);
      case "first":
        return this.#first(body);
      case "final":
        return this.#final(body);
      case "over":
        return { type: "refused", error: violation("the login is over") };
    }
  }

  #begin(body: Buffer): SaslStep {
    const nameEnd = body.indexOf(0);
    if (nameEnd < 0) return { type: "refused", error: violation("invalid string in message") };
    if (body.toString("latin1", 0, nameEnd) !== SCRAM_SHA_256) {
      return { type: "refused", error: violation("client selected an invalid SASL authentication mechanism") };
    }
    const rest = body.subarray(nameEnd + 1);
    if (rest.length < 4) return { type: "refused", error: violation("insufficient data left in message") };
    const length = rest.readInt32BE(0);
    const data = rest.subarray(4);
    if (length < -1 || length > data.length) {
      return { type: "refused", error: violation("insufficient data left in message") };
    }
    if (data.length > Math.max(0, length)) return { type: "refused", error: violation("invalid message format") };
    this.#state = "first";
    // Without an initial response the client is asked for its first message by an empty challenge.
    return length === -1 ? { type: "continue", send: encodeSaslContinue(Buffer.alloc(0)) } : this.#first(data);
  }

  #first(data: Buffer): SaslStep {
    const send = encodeSaslContinue(this.#scram.first(data));
    this.#state = "final";
    return { type: "continue", send };
  }

  #final(data: Buffer): SaslStep {
    const proved = this.#scram.final(data);
    if (proved === null || this.#isMock) return { type: "wrong" };
    return { type: "proved", send: encodeSaslFinal(proved.serverFinal), clientKey: proved.clientKey };
  }
}

function violation(message: string): ErrorFields {
  return { severity: "FATAL", sqlstate: Sqlstate.ProtocolViolation, message };
}
