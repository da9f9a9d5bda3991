// Live numbers that all threads see: each proxy thread owns one row of gauges and only it writes there, so a thread that
// dies takes its share away by zeroing its row. Limits that hold over all threads are checked against the columns' sums.

/** Gauges of a thread as a whole. */
export const CLIENT_CONNECTIONS = 0;
export const QUEUE_BYTES = 1;
/** Clients that the primary has let in. */
export const SESSIONS = 2;
/** Sessions that can't be followed any more and go on. */
export const SESSIONS_NOW_UNWATCHED = 3;
/** Counters of a thread: limits that were hit. They never go down. */
export const REFUSED_CONNECTIONS = 4;
export const REFUSED_LOGINS = 5;
export const REFUSED_MESSAGES = 6;
/** Sessions that could not be followed any more, also those that have ended; never goes down either. */
export const UNWATCHED_SESSIONS = 7;
/** Logins that failed under auth = "userlist", by why. */
export const FAILED_LOGINS = { password: 8, protocol: 9, database: 10, primary: 11 } as const;
export type LoginFailure = keyof typeof FAILED_LOGINS;
const THREAD_COLUMNS = 12;

/** Gauges of a thread per mirroring. */
export const MIRROR_CONNECTIONS = 0;
export const MIRROR_QUEUE_DEPTH = 1;
export const MIRROR_QUEUE_BYTES = 2;
/** Sessions whose requests may go to this mirroring. */
export const MIRROR_SESSIONS = 3;
/** A counter: attempts that the mirror refused to let in, or that pgsoak has no password for. */
export const MIRROR_REFUSED_LOGINS = 4;
/** Those of them that lack something on the mirror which nothing can bring back. */
export const MIRROR_SESSIONS_INCOMPLETE = 5;
/** A counter: sessions that a defect has cost this mirroring. */
export const MIRROR_SESSIONS_LOST = 6;
const MIRRORING_COLUMNS = 7;
const MIRRORING_COUNTERS: ReadonlySet<number> = new Set([MIRROR_REFUSED_LOGINS, MIRROR_SESSIONS_LOST]);

/** How many proxy threads there can be; a request id carries its thread in the lowest bits. */
export const THREADS_MAX = 64;

export function createGaugeBuffer(threads: number, mirrorings: number): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * threads * (THREAD_COLUMNS + mirrorings * MIRRORING_COLUMNS));
}

export class Gauges {
  readonly #cells: Int32Array;
  readonly #stride: number;
  readonly #threads: number;

  constructor(shared: SharedArrayBuffer, mirrorings: number) {
    this.#cells = new Int32Array(shared);
    this.#stride = THREAD_COLUMNS + mirrorings * MIRRORING_COLUMNS;
    this.#threads = this.#cells.length / this.#stride;
  }

  add(thread: number, column: number, delta: number): void {
    Atomics.add(this.#cells, thread * this.#stride + column, delta);
  }

  addMirroring(thread: number, mirroring: number, column: number, delta: number): void {
    this.add(thread, THREAD_COLUMNS + mirroring * MIRRORING_COLUMNS + column, delta);
  }

  sum(column: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      sum += Atomics.load(this.#cells, thread * this.#stride + column);
    }
    return sum;
  }

  sumMirroring(mirroring: number, column: number): number {
    return this.sum(THREAD_COLUMNS + mirroring * MIRRORING_COLUMNS + column);
  }

  /** Takes a dead thread's share away. Its counters stay: what was refused was refused. */
  clearThread(thread: number): void {
    for (let column = 0; column < this.#stride; column++) {
      if (!isCounter(column)) Atomics.store(this.#cells, thread * this.#stride + column, 0);
    }
  }
}

function isCounter(column: number): boolean {
  if (column < THREAD_COLUMNS) return column >= REFUSED_CONNECTIONS;
  return MIRRORING_COUNTERS.has((column - THREAD_COLUMNS) % MIRRORING_COLUMNS);
}
