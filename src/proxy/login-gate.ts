// While the primary decides about a login, only authentication messages of the client pass. What a client sends ahead of
// the answer waits here, so that the first request is seen when it is known whose it is.

import type { AuthenticationMessage } from "./protocol/backend.ts";
import { FrontendMessage } from "./protocol/message-types.ts";

const HEADER_BYTES = 5;
const NOTHING = Buffer.alloc(0);

export class LoginGate {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #have = 0;
  #left = 0;
  #asked = false;
  #held: Buffer = NOTHING;

  /** Something waits: there is no use in reading more. */
  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Takes what the client sent and returns what of it may pass now. */
  take(chunk: Buffer): Buffer {
    const answer = this.holds ? 0 : this.#answerBytes(chunk);
    // Anything else in place of an answer is an error that the primary knows best how to report.
    if (answer === chunk.length || (this.#asked && answer === 0)) {
      if (answer > 0) this.#asked = false;
      return chunk;
    }
    this.#asked = false;
    this.#held = Buffer.concat([this.#held, chunk.subarray(answer)]);
    return chunk.subarray(0, answer);
  }

  /** Nothing passes: pgsoak itself answers the primary. */
  hold(chunk: Buffer): Buffer {
    this.#held = Buffer.concat([this.#held, chunk]);
    return NOTHING;
  }

  /** The primary said this: returns what waited, if it is the primary's to judge now. */
  asked(type: AuthenticationMessage["type"]): Buffer {
    // Ok and SASLFinal ask nothing of the client.
    this.#asked = type !== "ok" && type !== "sasl_final";
    return this.#asked ? this.open() : NOTHING;
  }

  /** The client is in: returns what waited. */
  open(): Buffer {
    const held = this.#held;
    this.#held = NOTHING;
    return held;
  }

  /** How many leading bytes of the chunk belong to authentication messages. */
  #answerBytes(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        at += taken;
        this.#left -= taken;
      } else if (this.#have === 0 && chunk[at] !== FrontendMessage.Password) {
        return at;
      } else {
        this.#header[this.#have++] = chunk[at++]!;
        if (this.#have === HEADER_BYTES) {
          this.#have = 0;
          // An absurd length is the primary's to refuse.
          this.#left = Math.max(0, this.#header.readUInt32BE(1) - 4);
        }
      }
    }
    return at;
  }
}
