// What PostgreSQL keeps of a password (`pg_authid.rolpassword`): enough to check that a client knows it, and not enough to
// log in with.
//
//   SCRAM-SHA-256$4096:salt$StoredKey:ServerKey         all but the number in base64, the keys of 32 bytes each

/** The secret part begins behind this. */
export const VERIFIER_PREFIX = "SCRAM-SHA-256$";

const VERIFIER =
  /^SCRAM-SHA-256\$([1-9][0-9]{0,9}):((?:[A-Za-z0-9+/]{4})+|(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=))\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/;
/** PostgreSQL's own limits: `scram_iterations` is an int32, and no message of the exchange is longer than 1024 bytes. */
const ITERATIONS_MAX = 2_147_483_647;
const SALT_BYTES_MAX = 256;

export interface StoredVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** Null when the text is no verifier. */
export function parseScramVerifier(text: string): StoredVerifier | null {
  const parts = VERIFIER.exec(text);
  if (parts === null) return null;
  const [, digits = "", salt = "", storedKey = "", serverKey = ""] = parts;
  const verifier = {
    iterations: Number(digits),
    salt: Buffer.from(salt, "base64"),
    storedKey: Buffer.from(storedKey, "base64"),
    serverKey: Buffer.from(serverKey, "base64"),
  };
  return verifier.iterations > ITERATIONS_MAX || verifier.salt.length > SALT_BYTES_MAX ? null : verifier;
}
