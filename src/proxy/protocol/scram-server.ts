// The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. What the client says is bounded and
// checked before it is used; a wrong password and a malformed message look different only to PostgreSQL's own error texts.

import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { saslPrep } from "./saslprep.ts";

/** PostgreSQL's default. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const NONCE_BYTES = 18;
const HASH_BYTES = 32;
const CLIENT_MESSAGE_BYTES_MAX = 1024;

const pbkdf2Async = promisify(pbkdf2);

/** What a server keeps of a password. */
export interface ScramVerifier {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export async function createScramVerifier(password: string): Promise<ScramVerifier> {
  const salt = randomBytes(SALT_BYTES);
  const salted = await pbkdf2Async(saslPrep(password), salt, ITERATIONS, HASH_BYTES, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  return { salt, iterations: ITERATIONS, storedKey, serverKey: hmac(salted, "Server Key") };
}

/** One exchange. Each method is called once, in this order. */
export class ScramServer {
  readonly #verifier: ScramVerifier;
  readonly #serverNonce = randomBytes(NONCE_BYTES).toString("base64");
  #gs2Header = "";
  #nonce = "";
  #messages = "";

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier;
  }

  /** The server-first-message; null when the client's is malformed or asks for what isn't offered. */
  first(clientFirst: Buffer): Buffer | null {
    if (clientFirst.length > CLIENT_MESSAGE_BYTES_MAX) return null;
    // No channel binding, no authorisation identity, no extension. The name is the startup packet's, as in PostgreSQL.
    const parts = /^([ny],,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+))$/.exec(clientFirst.toString("latin1"));
    if (parts === null) return null;
    const [, header = "", bare = "", clientNonce = ""] = parts;
    const { salt, iterations } = this.#verifier;
    this.#gs2Header = header;
    this.#nonce = clientNonce + this.#serverNonce;
    const serverFirst = `r=${this.#nonce},s=${salt.toString("base64")},i=${iterations}`;
    this.#messages = `${bare},${serverFirst}`;
    return Buffer.from(serverFirst, "latin1");
  }

  /** The server-final-message; "malformed", or "refused" when the client does not know the password. */
  final(clientFinal: Buffer): Buffer | "malformed" | "refused" {
    if (clientFinal.length > CLIENT_MESSAGE_BYTES_MAX) return "malformed";
    const text = clientFinal.toString("latin1");
    const parts = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)),p=([A-Za-z0-9+/]{43}=)$/.exec(text);
    if (parts === null) return "malformed";
    const [, withoutProof = "", channel = "", nonce = "", proof = ""] = parts;
    const isOurs = nonce === this.#nonce && channel === Buffer.from(this.#gs2Header).toString("base64");
    if (!isOurs) return "malformed";
    const message = `${this.#messages},${withoutProof}`;
    const { storedKey, serverKey } = this.#verifier;
    const signature = hmac(storedKey, message);
    const clientKey = Buffer.from(proof, "base64").map((byte, index) => byte ^ signature[index]!);
    const isKnown = timingSafeEqual(createHash("sha256").update(clientKey).digest(), storedKey);
    if (!isKnown) return "refused";
    return Buffer.from(`v=${hmac(serverKey, message).toString("base64")}`, "latin1");
  }
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(Buffer.from(data, "latin1")).digest();
}
