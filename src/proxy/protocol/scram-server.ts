// The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding: two messages of the client's, two
// answers.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { readClientFinal, readClientFirst, ScramError } from "./scram-messages.ts";
import { hash, hmac, type ScramVerifier } from "./scram-verifier.ts";
import { Sqlstate } from "./sqlstate.ts";

const NONCE_BYTES = 18;

/** The client knows the password. */
export interface ScramProved {
  readonly serverFinal: Buffer;
  /** Lets its holder log in, as this user, to every server that keeps the very same verifier. */
  readonly clientKey: Buffer;
}

/** One exchange. Each method is called once, in this order. */
export class ScramServer {
  readonly #verifier: ScramVerifier;
  readonly #serverNonce = randomBytes(NONCE_BYTES).toString("base64");
  #flag: "n" | "y" = "n";
  #nonce = "";
  #messages = "";

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier;
  }

  /** The server-first-message. Throws ScramError when the client's is malformed or asks for what isn't offered. */
  first(clientFirst: Buffer): Buffer {
    const { flag, bare, nonce } = readClientFirst(clientFirst);
    const { salt, iterations } = this.#verifier;
    this.#flag = flag;
    this.#nonce = nonce + this.#serverNonce;
    const serverFirst = `r=${this.#nonce},s=${salt.toString("base64")},i=${iterations}`;
    this.#messages = `${bare},${serverFirst}`;
    return Buffer.from(serverFirst, "latin1");
  }

  /** Null when the client does not know the password. Throws ScramError when its message is malformed. */
  final(clientFinal: Buffer): ScramProved | null {
    const { nonce, withoutProof, proof } = readClientFinal(clientFinal, this.#flag);
    if (nonce !== this.#nonce) {
      throw new ScramError(Sqlstate.ProtocolViolation, "invalid SCRAM response", "Nonce does not match.");
    }
    const message = Buffer.from(`${this.#messages},${withoutProof}`, "latin1");
    const { storedKey, serverKey } = this.#verifier;
    const signature = hmac(storedKey, message);
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
    if (!timingSafeEqual(hash(clientKey), storedKey)) return null;
    return { clientKey, serverFinal: Buffer.from(`v=${hmac(serverKey, message).toString("base64")}`, "latin1") };
  }
}
