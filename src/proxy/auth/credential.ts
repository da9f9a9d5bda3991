// What pgsoak enters a server with, in whose name, and where it is found: in the `[[databases]]` entry, in a `[[users]]`
// entry, or in what the client itself has proved.

import type { DatabaseConfig, UserConfig } from "../../config/config.ts";
import { isPrivateLine } from "../../config/private-line.ts";

/**
 * What the client's own login has shown of its password: enough to log in, as this user, to a server that keeps the very
 * same verifier, and to nothing else.
 */
export interface ScramKeys {
  readonly clientKey: Buffer;
  readonly serverKey: Buffer;
  readonly salt: Buffer;
  readonly iterations: number;
}

export type Credential =
  /** `scramOnly`: it is given by SCRAM, from which nobody learns it, and neither in clear text nor as MD5. */
  | { readonly type: "password"; readonly password: string; readonly scramOnly?: true }
  | { readonly type: "keys"; readonly keys: ScramKeys };

/** A client that pgsoak has let in itself. */
export interface Entrant {
  readonly user: string;
  readonly keys: ScramKeys;
}

export interface CredentialQuestion {
  readonly server: DatabaseConfig;
  /** Who logs in: the entry's user, or the client's. */
  readonly user: string;
  /** What the client asked for. */
  readonly database: string;
  readonly users: readonly UserConfig[];
  /** Null where the primary authenticates clients. */
  readonly entrant: Entrant | null;
}

/** The server's own password first, then that of the user's entry for it, then what the client has proved. */
export function credentialFor({ server, user, database, users, entrant }: CredentialQuestion): Credential | null {
  const password =
    server.password ?? entryNaming(users, user, server.name)?.password ?? userEntry(users, user, database)?.password;
  if (password !== undefined && password !== null) return { type: "password", password };
  return entrant !== null && entrant.user === user ? { type: "keys", keys: entrant.keys } : null;
}

/**
 * A mirror may be anybody. A password of `[[users]]`, which clients and the primary have too, is not said to whoever
 * answers in its place; the mirror's own is its own affair.
 */
export function mirrorCredentialFor(question: CredentialQuestion): Credential | null {
  const credential = credentialFor(question);
  const { server } = question;
  if (credential?.type !== "password" || server.password !== null || isPrivateLine(server)) return credential;
  return { ...credential, scramOnly: true };
}

/** The user's entry for a database: one that names it wins over one that is for all. */
export function userEntry(users: readonly UserConfig[], user: string, database: string): UserConfig | undefined {
  return (
    entryNaming(users, user, database) ?? users.find(({ name, databases }) => name === user && databases.length === 0)
  );
}

function entryNaming(users: readonly UserConfig[], user: string, database: string): UserConfig | undefined {
  return users.find(({ name, databases }) => name === user && databases.includes(database));
}
