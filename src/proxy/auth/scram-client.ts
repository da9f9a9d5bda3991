// The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding, against a server that is not trusted:
// what it may make us do is bounded, and it must prove that it knows the password too.

import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

export const SCRAM_SHA_256 = "SCRAM-SHA-256";

/** PostgreSQL's default is 4096. More than this is an attack on our processor. */
export const SCRAM_ITERATIONS_MAX = 600_000;
const SERVER_MESSAGE_BYTES_MAX = 4096;
const SERVER_NONCE_MAX = 1024;
const SALTED_PASSWORDS_MAX = 64;
const NONCE_BYTES = 18;
const HASH_BYTES = 32;
/** "n,,": we do no channel binding. In base64 it is what the final message repeats as c=. */
const GS2_HEADER = "n,,";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const pbkdf2Async = promisify(pbkdf2);

/** Why the exchange ended; holds nothing that the server said but error names of the RFC. */
export interface ScramFailure {
  readonly failed: string;
}

export class ScramClient {
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  #serverSignature: Buffer | null = null;

  /** `nonce` is printable ASCII without a comma. */
  constructor(password: string, nonce: string = randomBytes(NONCE_BYTES).toString("base64")) {
    this.#password = saslPrep(password);
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
    const salted = await saltedPasswords.get(this.#password, challenge.salt, challenge.iterations);
    if (salted === null) return { failed: "the password could not be hashed" };
    const channel = Buffer.from(GS2_HEADER).toString("base64");
    const withoutProof = `c=${channel},r=${challenge.nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst.toString("latin1")},${withoutProof}`;
    const { proof, serverSignature } = scramProof(salted, authMessage);
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
export function scramProof(saltedPassword: Buffer, authMessage: string): { proof: Buffer; serverSignature: Buffer } {
  const message = Buffer.from(authMessage, "latin1");
  const clientKey = hmac(saltedPassword, "Client Key");
  const storedKey = createHash("sha256").update(clientKey).digest();
  const clientSignature = hmac(storedKey, message);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ clientSignature[index]!));
  return { proof, serverSignature: hmac(hmac(saltedPassword, "Server Key"), message) };
}

/**
 * SASLprep (RFC 4013) as libpq does it: what is not allowed after preparation goes unprepared. The tables of unassigned
 * and of right-to-left characters are left out: they matter only for passwords that NFKC changes as well.
 */
export function saslPrep(password: string): string {
  if (/^\p{ASCII}*$/u.test(password)) return password;
  const prepared = password.replace(NON_ASCII_SPACE, " ").replace(MAPPED_TO_NOTHING, "").normalize("NFKC");
  return prepared === "" || PROHIBITED.test(prepared) ? password : prepared;
}

/** RFC 3454, tables C.1.2, B.1 and C.2.1 to C.9. */
const NON_ASCII_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
const MAPPED_TO_NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
const PROHIBITED =
  // oxlint-disable-next-line no-control-regex
  /\u0340|\u0341|[\u0000-\u001f\u007f-\u009f\u00a0\u06dd\u070f\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2063\u206a-\u206f\u2ff0-\u2ffb\u3000\ufeff\ufff9-\ufffd\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

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

function hmac(key: Buffer, data: Buffer | string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/**
 * The slow part of SCRAM, remembered: every session logs in with the same few passwords and salts. It runs in libuv's
 * pool, never on the event loop. Of the same question asked twice at once only one is computed.
 */
export class SaltedPasswords {
  readonly #max: number;
  readonly #known = new Map<string, Promise<Buffer | null>>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Null when the runtime can't compute it. */
  get(password: string, salt: Buffer, iterations: number): Promise<Buffer | null> {
    const key = `${iterations} ${salt.toString("base64")} ${password}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const salted = pbkdf2Async(password, salt, iterations, HASH_BYTES, "sha256").catch(() => null);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= this.#max && oldest.done !== true) this.#known.delete(oldest.value);
    this.#known.set(key, salted);
    return salted;
  }
}

/** One memory for all logins of a thread. It holds a pure function's results, so nobody can tell that it is shared. */
const saltedPasswords = new SaltedPasswords(SALTED_PASSWORDS_MAX);
