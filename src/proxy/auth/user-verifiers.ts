// What pgsoak checks clients against under auth = "userlist": the verifiers of `[[users]]`, those of plain passwords made
// here. A user that there isn't gets one too, which nothing tells from the others but that no password fits it.

import { parseScramVerifier } from "../../config/scram-verifier.ts";
import type { UserConfig } from "../../config/config.ts";
import {
  createScramVerifier,
  mockScramVerifier,
  saltOf,
  SCRAM_ITERATIONS,
  type ScramVerifier,
} from "../protocol/scram-verifier.ts";
import { userEntry } from "./credential.ts";

export interface CheckedUser {
  readonly verifier: ScramVerifier;
  /** Null: nobody gets in with it. */
  readonly entry: UserConfig | null;
}

export class UserVerifiers {
  readonly #secret: Buffer;
  #users: readonly UserConfig[] = [];
  #iterations = SCRAM_ITERATIONS;
  /** By what they are made of, so that a reload makes only new ones. */
  #known = new Map<string, Promise<ScramVerifier>>();
  #round = 0;

  /** `secret` is the process's own: every thread must show a stranger the same salt for the same name. */
  constructor(secret: Uint8Array) {
    this.#secret = Buffer.from(secret);
  }

  /** From now on these are the users. Their verifiers are made ahead, so that a first login takes no longer than others. */
  set(users: readonly UserConfig[]): void {
    this.#users = users;
    this.#iterations = commonest(users.map((user) => storedOf(user)?.iterations ?? SCRAM_ITERATIONS));
    const keys = new Set(users.map((user) => keyOf(user)));
    this.#known = new Map([...this.#known].filter(([key]) => keys.has(key)));
    void this.#makeAll(++this.#round);
  }

  /** Whom a client that says it is `user` must convince. Of several entries the one for the database counts. */
  async find(user: string, database: string): Promise<CheckedUser> {
    const entry = this.#entryOf(user, database);
    // A reload may bring users who have neither: auth itself waits for a restart.
    const made = entry === undefined ? null : this.#verifierOf(entry);
    if (entry === undefined || made === null) {
      return { verifier: mockScramVerifier(user, this.#iterations, this.#secret), entry: null };
    }
    return { verifier: await made, entry };
  }

  /** The entry as it is now, when a login that began with `entry` is still good; null when a reload took it away. */
  standing(entry: UserConfig, user: string, database: string): UserConfig | null {
    const now = this.#entryOf(user, database);
    return now !== undefined && keyOf(now) === keyOf(entry) && isSameList(now.databases, entry.databases) ? now : null;
  }

  #entryOf(user: string, database: string): UserConfig | undefined {
    return userEntry(this.#users, user, database) ?? this.#users.find(({ name }) => name === user);
  }

  async #makeAll(round: number): Promise<void> {
    for (const user of this.#users) {
      if (round !== this.#round) return;
      // A runtime that can't hash says so to the client that logs in.
      await this.#verifierOf(user)?.catch(() => undefined);
    }
  }

  /** Null for an entry that nothing can be checked against. */
  #verifierOf(user: UserConfig): Promise<ScramVerifier> | null {
    const key = keyOf(user);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { name, password } = user;
    const stored = storedOf(user);
    if (stored === null && password === null) return null;
    const made = stored === null ? createScramVerifier(password!, saltOf(name, this.#secret)) : Promise.resolve(stored);
    this.#known.set(key, made);
    return made;
  }
}

const storedOf = ({ scramVerifier }: UserConfig): ScramVerifier | null =>
  scramVerifier === null ? null : parseScramVerifier(scramVerifier);

const keyOf = ({ name, password, scramVerifier }: UserConfig): string =>
  JSON.stringify([name, password, scramVerifier]);

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index]);

/** What strangers are shown must not stand out. */
function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = SCRAM_ITERATIONS;
  for (const [value, count] of counts) if (count > (counts.get(best) ?? 0)) best = value;
  return best;
}
