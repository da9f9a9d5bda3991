// Takes SCRAM-SHA-256-PLUS out of what the primary offers to a client in plaintext. The primary offers it because its own
// leg has TLS; a client without TLS takes that offer for an attack and ends the connection (libpq says so). Nothing else
// is changed, and nothing is kept but one Authentication message at a time.

import { encodeSasl } from "./protocol/encode-server.ts";
import { readAuthentication } from "./protocol/backend.ts";
import { AuthenticationCode, BackendMessage } from "./protocol/message-types.ts";

const HEADER_BYTES = 5;
/** Type, length and the code that tells one Authentication message from the next. */
const CODE_END = 9;
/** The real one has some 45 bytes. A longer one passes as it is: no client reads it as an offer either. */
const OFFER_BYTES_MAX = 4096;
const CHANNEL_BINDING = "SCRAM-SHA-256-PLUS";
const NOTHING = Buffer.alloc(0);

export class SaslOffer {
  /** The beginning of a message that isn't decided yet. */
  #held: Buffer = NOTHING;
  /** Bytes of a message that passes. */
  #passing = 0;
  #isOver = false;

  /** The client is let in: there will be no more offer, and nothing is held. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes what the primary sent, in any chunking, and returns what the client may hear of it now. */
  take(chunk: Buffer): Buffer {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    const parts: Buffer[] = [];
    while (rest.length > 0) {
      this.#isOver ||= this.#passing === 0 && isOk(rest);
      if (this.#isOver) {
        parts.push(rest);
        break;
      }
      const passing = this.#passing > 0 ? this.#passing : passingBytes(rest);
      if (passing === null) {
        this.#held = rest;
        break;
      }
      if (passing > 0) {
        parts.push(rest.subarray(0, passing));
        this.#passing = Math.max(0, passing - rest.length);
        rest = rest.subarray(passing);
      } else {
        const end = 1 + rest.readUInt32BE(1);
        parts.push(withoutChannelBinding(rest.subarray(0, end)));
        rest = rest.subarray(end);
      }
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

/** AuthenticationOk begins here. */
function isOk(bytes: Buffer): boolean {
  const isAuthentication = bytes.length >= CODE_END && bytes[0] === BackendMessage.Authentication;
  return isAuthentication && bytes.readUInt32BE(HEADER_BYTES) === AuthenticationCode.Ok;
}

/** How many bytes of the message that begins here pass unchanged; 0: it is a whole offer; null: more is needed to know. */
function passingBytes(bytes: Buffer): number | null {
  if (bytes.length < HEADER_BYTES) return null;
  const end = 1 + bytes.readUInt32BE(1);
  // A length that none can have is for the scanner behind us to refuse.
  if (bytes[0] !== BackendMessage.Authentication || end < CODE_END || end > OFFER_BYTES_MAX) {
    return Math.max(end, HEADER_BYTES);
  }
  if (bytes.length < CODE_END) return null;
  if (bytes.readUInt32BE(HEADER_BYTES) !== AuthenticationCode.Sasl) return end;
  return bytes.length < end ? null : 0;
}

function withoutChannelBinding(message: Buffer): Buffer {
  const offer = readAuthentication(message, HEADER_BYTES, message.length);
  if (offer.type !== "sasl" || !offer.mechanisms.includes(CHANNEL_BINDING)) return message;
  return encodeSasl(offer.mechanisms.filter((mechanism) => mechanism !== CHANNEL_BINDING));
}
