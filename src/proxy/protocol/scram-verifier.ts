// What a server checks a client's proof with (RFC 5802, section 3): made from a password, or made up for a user that there
// isn't, so that nobody learns who there is.

import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { saslPrep } from "./saslprep.ts";

/** PostgreSQL's default. */
export const SCRAM_ITERATIONS = 4096;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const pbkdf2Async = promisify(pbkdf2);

/** What a server keeps of a password. */
export interface ScramVerifier {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The hashing takes a few milliseconds, in libuv's pool. Rejects where the runtime can't hash. */
export async function createScramVerifier(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<ScramVerifier> {
  const salted = await pbkdf2Async(saslPrep(password), salt, SCRAM_ITERATIONS, HASH_BYTES, "sha256");
  const clientKey = hmac(salted, "Client Key");
  return { salt, iterations: SCRAM_ITERATIONS, storedKey: hash(clientKey), serverKey: hmac(salted, "Server Key") };
}

/** The salt of a user for whom none is stored: as long as `secret` is the same, so is the user's salt. */
export function saltOf(user: string, secret: Buffer): Buffer {
  return hmac(secret, `salt ${user}`).subarray(0, SALT_BYTES);
}

/** Looks like anybody's, and no password fits it. */
export function mockScramVerifier(user: string, iterations: number, secret: Buffer): ScramVerifier {
  const key = (name: string): Buffer => hmac(secret, `${name} ${user}`);
  return { salt: saltOf(user, secret), iterations, storedKey: key("stored"), serverKey: key("server") };
}

export const hash = (data: Buffer): Buffer => createHash("sha256").update(data).digest();

export function hmac(key: Buffer, data: Buffer | string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
