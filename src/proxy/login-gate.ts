// While the primary decides about a login, only authentication messages of the client pass. What a client sends ahead of
// the answer waits here, so that the first request is seen when it is known whose it is.

import { FrontendMessage } from "./protocol/message-types.ts";

const HEADER_BYTES = 5;

export class LoginGate {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #have = 0;
  #left = 0;

  /** How many leading bytes of the chunk belong to authentication messages. */
  pass(chunk: Buffer): number {
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
