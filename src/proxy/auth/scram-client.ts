// The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, against a server that is not trusted:
// what it may make us do is bounded, and it must prove that it knows the password too.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { saslPrep } from "../protocol/saslprep.ts";
import { hash, hmac } from "../protocol/scram-verifier.ts";
import type { Credential, ScramKeys } from "./credential.ts";
import type { SaltedPasswords } from "./salted-passwords.ts";

export const SCRAM_SHA_256 = "SCRAM-SHA-256";

/** PostgreSQL's default is 4096. More than this is an attack on our processor. */
export const SCRAM_ITERATIONS_MAX = 600_000;
const SERVER_MESSAGE_BYTES_MAX = 4096;
const SERVER_NONCE_MAX = 1024;
const NONCE_BYTES = 18;
const HASH_BYTES = 32;
/** "n,,": we do no channel binding. In base64 it is what the final message repeats as c=. */
const GS2_HEADER = "n,,";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Why the exchange ended; holds nothing that the server said but error names of the RFC. */
export interface ScramFailure {
  readonly failed: string;
}

export class ScramClient {
  readonly #credential: Credential;
  readonly #salted: SaltedPasswords;
  readonly #nonce: string;
  readonly #firstBare: string;
  #serverSignature: Buffer | null = null;

  /** `nonce` is printable ASCII without a comma. */
  constructor(
    credential: Credential,
    salted: SaltedPasswords,
    nonce: string = randomBytes(NONCE_BYTES).toString("base64"),
  ) {
    this.#credential = credential;
    this.#salted = salted;
    this.#nonce = nonce;
    // Like libpq we send no name: PostgreSQL takes the one of the startup packet.
    this.#firstBare = `n=,r=${nonce}`;
  }

  /** client-first-message */
  first(): Buffer {
    return Buffer.from(GS2_HEADER + this.#firstBare);
  }

  /** Answers the server-first-message with the client-final-message. Never rejects. */
  async answer(serverFirst: Buffer): Promise<Buffer | ScramFailure> {
    const challenge = readServerFirst(serverFirst, this.#nonce);
    if ("failed" in challenge) return challenge;
    const keys = await keysOf(this.#credential, challenge, this.#salted);
    if ("failed" in keys) return keys;
    const channel = Buffer.from(GS2_HEADER).toString("base64");
    const withoutProof = `c=${channel},r=${challenge.nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst.toString("latin1")},${withoutProof}`;
    const { proof, serverSignature } = scramProof(keys, authMessage);
    this.#serverSignature = serverSignature;
    return Buffer.from(`${withoutProof},p=${proof.toString("base64")}`);
  }

  /** Checks the server-final-message: null when the server has proved that it knows the password. */
  verify(serverFinal: Buffer): ScramFailure | null {
    const text = serverFinal.toString("latin1");
    const refusal = /^e=([a-z-]{1,40})(?:,|$)/.exec(text);
    if (refusal !== null) return { failed: `the server refused the SCRAM exchange: ${refusal[1]}` };
    const signature = /^v=([A-Za-z0-9+/=]{1,100})(?:,|$)/.exec(text)?.[1] ?? "";
    const bytes = Buffer.from(signature, "base64");
    const expected = this.#serverSignature;
    if (expected === null || bytes.length !== HASH_BYTES || !timingSafeEqual(bytes, expected)) {
      return { failed: "the server could not prove that it knows the password" };
    }
    return null;
  }
}

/** ClientProof and ServerSignature (RFC 5802, section 3). */
export function scramProof(
  { clientKey, serverKey }: Pick<ScramKeys, "clientKey" | "serverKey">,
  authMessage: string,
): { proof: Buffer; serverSignature: Buffer } {
  const message = Buffer.from(authMessage, "latin1");
  const clientSignature = hmac(hash(clientKey), message);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ clientSignature[index]!));
  return { proof, serverSignature: hmac(serverKey, message) };
}

/** What the proof is made with. Keys fit one salt and one number of iterations only, a password fits all. */
async function keysOf(
  credential: Credential,
  { salt, iterations }: Challenge,
  saltedPasswords: SaltedPasswords,
): Promise<Pick<ScramKeys, "clientKey" | "serverKey"> | ScramFailure> {
  if (credential.type === "keys") {
    const { keys } = credential;
    if (keys.iterations === iterations && keys.salt.equals(salt)) return keys;
    return { failed: "the scram_verifier is not the server's own: it has another salt or number of iterations" };
  }
  const salted = await saltedPasswords.get(saslPrep(credential.password), salt, iterations);
  if (salted === "busy") return { failed: "too many passwords wait to be hashed" };
  if (salted === null) return { failed: "the password could not be hashed" };
  return { clientKey: hmac(salted, "Client Key"), serverKey: hmac(salted, "Server Key") };
}

interface Challenge {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

function readServerFirst(message: Buffer, clientNonce: string): Challenge | ScramFailure {
  if (message.length > SERVER_MESSAGE_BYTES_MAX) return { failed: "the server's SCRAM message is too long" };
  const parts = /^r=([\x21-\x2b\x2d-\x7e]+),s=([^,]+),i=([1-9][0-9]{0,9})(?:,|$)/.exec(message.toString("latin1"));
  if (parts === null) return { failed: "the server's SCRAM message is malformed" };
  const [, nonce = "", salt = "", digits = ""] = parts;
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length || nonce.length > SERVER_NONCE_MAX) {
    return { failed: "the server's SCRAM nonce does not continue ours" };
  }
  if (!BASE64.test(salt)) return { failed: "the server's SCRAM message is malformed" };
  const iterations = Number(digits);
  if (iterations > SCRAM_ITERATIONS_MAX) {
    return { failed: `the server asks for ${iterations} SCRAM iterations; at most ${SCRAM_ITERATIONS_MAX} are done` };
  }
  return { nonce, salt: Buffer.from(salt, "base64"), iterations };
}
