// Bytes that may wait for mirrors, over all sessions of all threads (`mirror_queue_bytes`).

import { type Gauges, MIRROR_QUEUE_BYTES, QUEUE_BYTES } from "./gauges.ts";

export class ByteBudget {
  readonly #gauges: Gauges;
  readonly #thread: number;
  readonly #limit: { max: number };

  /** Index of the mirroring that these bytes wait for, or null before that is decided. */
  readonly #mirroring: number | null;

  /** `limit` may change; it is shared with those that of() gives. */
  constructor(gauges: Gauges, thread: number, limit: { max: number }, mirroring: number | null = null) {
    this.#gauges = gauges;
    this.#thread = thread;
    this.#limit = limit;
    this.#mirroring = mirroring;
  }

  /** The same budget, with what is taken shown for one mirroring too. */
  of(mirroring: number): ByteBudget {
    return new ByteBudget(this.#gauges, this.#thread, this.#limit, mirroring);
  }

  /** Takes `bytes` if the budget of all threads together still has them. */
  take(bytes: number): boolean {
    if (this.#gauges.sum(QUEUE_BYTES) + bytes > this.#limit.max) return false;
    this.#change(bytes);
    return true;
  }

  give(bytes: number): void {
    if (bytes > 0) this.#change(-bytes);
  }

  #change(bytes: number): void {
    this.#gauges.add(this.#thread, QUEUE_BYTES, bytes);
    if (this.#mirroring !== null) this.#gauges.addMirroring(this.#thread, this.#mirroring, MIRROR_QUEUE_BYTES, bytes);
  }
}
