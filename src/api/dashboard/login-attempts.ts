// Slows down who guesses: a wrong token is answered late, and after some of them an address must wait. What is kept of
// addresses is bounded; each refusal is counted.

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../clock.ts";

const FAILURES_MAX = 10;
const FORGET_MS = 60_000;
const ANSWER_MS = 400;
/** Answers that may be held back at a time; beyond it nobody is let in. */
const WAITING_MAX = 50;
const ADDRESSES_MAX = 1000;

interface Failures {
  count: number;
  readonly untilMs: number;
}

export class LoginAttempts {
  /** Since the start. */
  refused = 0;
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Failures>();
  #waiting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until this address may try again; 0: now. */
  waitSeconds(address: string): number {
    if (this.#waiting >= WAITING_MAX) return 1;
    const failures = this.#known(address);
    if (failures === undefined || failures.count < FAILURES_MAX) return 0;
    return Math.max(1, Math.ceil((failures.untilMs - this.#clock.nowMs()) / 1000));
  }

  /** Counts a wrong token; returns when its answer may be sent. */
  async failed(address: string): Promise<void> {
    this.refused++;
    const failures = this.#known(address) ?? { count: 0, untilMs: this.#clock.nowMs() + FORGET_MS };
    failures.count++;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, failures);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > ADDRESSES_MAX && oldest !== undefined) this.#byAddress.delete(oldest);
    this.#waiting++;
    await sleep(ANSWER_MS);
    this.#waiting--;
  }

  #known(address: string): Failures | undefined {
    const failures = this.#byAddress.get(address);
    if (failures === undefined || failures.untilMs > this.#clock.nowMs()) return failures;
    this.#byAddress.delete(address);
    return undefined;
  }
}
