// The time of the log: the wall clock, as long as it goes forward. Where the wall clock falls behind the log (it was set
// back, or stood ahead when the log's last event was written), log time goes on at the speed of the monotonic clock; a
// jump forward is followed. So no event is ever older than the one before it, and no span of the log is frozen.

import type { Clock } from "../clock.ts";

/** A wall clock that is behind by no more than this is waited for: clocks are corrected by small steps all the time. */
const WAIT_US = 1_000_000;

export class LogClock implements Clock {
  readonly #clock: Clock;
  #nowUs: number;
  #readMs: number;
  /** How far the log is ahead of the wall clock. */
  #aheadUs = 0;

  /** `lastAt` is the time of the log's last event: microseconds since the Unix epoch. */
  constructor(clock: Clock, lastAt: number) {
    this.#clock = clock;
    this.#nowUs = lastAt;
    this.#readMs = clock.nowMs();
    this.wallUs();
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Microseconds since the Unix epoch; never less than before. */
  wallUs(): number {
    const wallUs = this.#clock.wallUs();
    const nowMs = this.#clock.nowMs();
    const goneUs = Math.max(0, Math.round((nowMs - this.#readMs) * 1000));
    const behindUs = this.#nowUs + goneUs - wallUs;
    this.#readMs = nowMs;
    this.#nowUs = behindUs > WAIT_US ? this.#nowUs + goneUs : Math.max(this.#nowUs, wallUs);
    this.#aheadUs = this.#nowUs - wallUs;
    return this.#nowUs;
  }

  /**
   * When something happened that another thread's wall clock stamped with `wallUs`, in log time as of the last reading.
   * Threads notice a step of the clock up to a second apart: what seems to lie in the future happened now.
   */
  placeUs(wallUs: number): number {
    return Math.min(this.#nowUs, wallUs + (this.#aheadUs > WAIT_US ? this.#aheadUs : 0));
  }
}
