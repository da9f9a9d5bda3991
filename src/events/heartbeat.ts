// A sign of life through shared memory. A thread that hangs in the kernel can't say so itself; the other side sees that
// the count stands still.

/** Shared memory for one heartbeat. */
export const createHeartbeatBuffer = (): SharedArrayBuffer => new SharedArrayBuffer(4);

/** By the thread that is watched, each time it comes by. */
export function beat(shared: SharedArrayBuffer): void {
  Atomics.add(new Int32Array(shared), 0, 1);
}

/** The side that watches. */
export class Pulse {
  readonly #cell: Int32Array;
  #seen: number;
  #seenMs: number;

  constructor(shared: SharedArrayBuffer, nowMs: number) {
    this.#cell = new Int32Array(shared);
    this.#seen = Atomics.load(this.#cell, 0);
    this.#seenMs = nowMs;
  }

  /** How long there has been no beat, as far as this was asked often enough: monotonic milliseconds. */
  silentMs(nowMs: number): number {
    const beats = Atomics.load(this.#cell, 0);
    if (beats !== this.#seen) {
      this.#seen = beats;
      this.#seenMs = nowMs;
    }
    return nowMs - this.#seenMs;
  }
}
