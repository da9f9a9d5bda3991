// Sizes steps of work by time: how long a step may read, so that with what it writes afterwards it holds the writer for
// no longer than HOLD_MS, on this machine and this disk.

/**
 * A step that took longer was too large. Batches may be kept waiting for 20 ms: the rest is for disks and machines that are
 * not always as quick.
 */
const HOLD_MS = 5;
const READ_MS_MIN = 0.25;
const READ_MS_MAX = 3;

export class Pace {
  #readMs = 1;

  /** Does one step and learns from how long it took. */
  step<Result>(work: (readMs: number) => Result): Result {
    const startedMs = performance.now();
    try {
      return work(this.#readMs);
    } finally {
      this.#learn(performance.now() - startedMs);
    }
  }

  #learn(tookMs: number): void {
    const factor = tookMs > HOLD_MS ? 0.5 : tookMs < HOLD_MS / 2 ? 1.2 : 1;
    this.#readMs = Math.min(READ_MS_MAX, Math.max(READ_MS_MIN, this.#readMs * factor));
  }
}
