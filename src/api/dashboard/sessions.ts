// Who has logged in: random ids in memory, each of which ends by itself, with the token that it was given for, or with the
// process. Only their digests are kept, so that finding one takes the same time whatever it begins with.

import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../clock.ts";

export const SESSION_COOKIE = "pgsoak_session";
/** A working day and the evening after it. */
export const SESSION_SECONDS = 12 * 3600;
/** Beyond it the oldest ends: logging in must not grow anything. */
const SESSIONS_MAX = 200;
const ID_BYTES = 32;

interface Session {
  readonly untilMs: number;
  readonly tokenDigest: string;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64");

export class Sessions {
  readonly #clock: Clock;
  /** By the digest of their id, in the order of their beginning. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins one under this token and returns its id. */
  begin(token: string): string {
    const id = randomBytes(ID_BYTES).toString("base64url");
    const untilMs = this.#clock.nowMs() + SESSION_SECONDS * 1000;
    this.#sessions.set(digest(id), { untilMs, tokenDigest: digest(token) });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    return id;
  }

  /** Whether it is one, and was given for the token that is asked for now. */
  holds(id: string, token: string): boolean {
    const key = digest(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return false;
    if (session.untilMs > this.#clock.nowMs() && session.tokenDigest === digest(token)) return true;
    this.#sessions.delete(key);
    return false;
  }

  end(id: string): void {
    this.#sessions.delete(digest(id));
  }
}
