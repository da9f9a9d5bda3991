// The slow part of SCRAM, remembered: every session logs in with the same few passwords and salts. It runs in libuv's pool,
// never on the event loop. How slow it is the server says, so servers of different trust have a memory each.

import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

const HASH_BYTES = 32;

const pbkdf2Async = promisify(pbkdf2);

export interface SaltedPasswordsLimits {
  /** Results that are remembered. */
  readonly max: number;
  /** Hashes that are computed at a time. */
  readonly runningMax: number;
  /** Hashes that may wait for those. */
  readonly waitingMax: number;
}

/** Null: the runtime can't compute it. "busy": as many as may wait do so. */
export type SaltedPassword = Buffer | null | "busy";

export class SaltedPasswords {
  readonly #limits: SaltedPasswordsLimits;
  readonly #known = new Map<string, Promise<SaltedPassword>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: SaltedPasswordsLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Of the same question asked twice at once only one is computed. Never rejects. */
  get(password: string, salt: Buffer, iterations: number): Promise<SaltedPassword> {
    const key = `${iterations} ${salt.toString("base64")} ${password}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#isFull) return Promise.resolve("busy");
    const salted = this.#compute(password, salt, iterations);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= this.#limits.max && oldest.done !== true) this.#known.delete(oldest.value);
    this.#known.set(key, salted);
    return salted;
  }

  get #isFull(): boolean {
    return this.#running >= this.#limits.runningMax && this.#waiting.length >= this.#limits.waitingMax;
  }

  async #compute(password: string, salt: Buffer, iterations: number): Promise<Buffer | null> {
    // Whoever ends hands its turn on, so that nobody who comes in between takes it.
    if (this.#running < this.#limits.runningMax) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await pbkdf2Async(password, salt, iterations, HASH_BYTES, "sha256");
    } catch {
      return null;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
