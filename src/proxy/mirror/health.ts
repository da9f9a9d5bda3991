// Whether a mirror can be reached, shared by all threads, so that a dead one is tried by one session at a time.
//
//   unknown ── one attempt ──▶ up ── a connection was lost ──▶ unknown
//      └────── it failed ────▶ down ── after the back-off, one attempt ──▶ up | down

const UNKNOWN = 0;
const UP = 1;
const DOWN = 2;

const STATE = 0;
/** Thread + 1 of the attempt under way, 0 when there is none. */
const HOLDER = 1;
const FAILURES = 2;
/** Monotonic milliseconds (modulo 2^31) before which a dead mirror is left alone. */
const NEXT_ATTEMPT = 3;
const CELLS = 4;

const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 10_000;

export type Permission = "go" | "wait" | "down";

export function createHealthBuffer(mirrorings: number): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * CELLS * Math.max(1, mirrorings));
}

/** Milliseconds on a clock that all threads share and nobody sets. */
function sharedNowMs(): number {
  return Number((process.hrtime.bigint() / 1_000_000n) & 0x7fffffffn);
}

export class MirrorHealth {
  readonly #cells: Int32Array;
  readonly #at: number;
  readonly #thread: number;
  readonly #random: () => number;

  constructor(shared: SharedArrayBuffer, mirroring: number, thread: number, random: () => number = Math.random) {
    this.#cells = new Int32Array(shared);
    this.#at = mirroring * CELLS;
    this.#thread = thread;
    this.#random = random;
  }

  get down(): boolean {
    return this.#load(STATE) === DOWN;
  }

  get up(): boolean {
    return this.#load(STATE) === UP;
  }

  /** Asks to connect. After "go" the caller must report reached() or failed(). */
  permission(): Permission {
    const state = this.#load(STATE);
    if (state === UP) return "go";
    const early = state === DOWN && ((this.#load(NEXT_ATTEMPT) - sharedNowMs()) | 0) > 0;
    if (!early && Atomics.compareExchange(this.#cells, this.#at + HOLDER, 0, this.#thread + 1) === 0) return "go";
    return state === DOWN ? "down" : "wait";
  }

  /** A login succeeded. True when that is news. */
  reached(): boolean {
    this.#release();
    return Atomics.exchange(this.#cells, this.#at + STATE, UP) !== UP;
  }

  /** It has answered a request: the next back-off begins with the shortest again. */
  proved(): void {
    Atomics.store(this.#cells, this.#at + FAILURES, 0);
  }

  /**
   * An attempt failed, or the mirror lost what it was asked: down until the back-off is over. "known": others lost theirs
   * at the same time, which is no failure of its own.
   */
  failed(): "news" | "again" | "known" {
    const isAttempt = this.#load(HOLDER) === this.#thread + 1;
    if (!isAttempt && this.down) return "known";
    const failures = Atomics.add(this.#cells, this.#at + FAILURES, 1);
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures, 10));
    const waitMs = backoffMs * (0.5 + this.#random() / 2);
    Atomics.store(this.#cells, this.#at + NEXT_ATTEMPT, (sharedNowMs() + Math.round(waitMs)) & 0x7fffffff);
    const isNews = Atomics.exchange(this.#cells, this.#at + STATE, DOWN) !== DOWN;
    this.#release();
    return isNews ? "news" : "again";
  }

  /** An attempt ended without saying anything about the mirror (its session went away). */
  gaveUp(): void {
    this.#release();
  }

  /** A connection that worked was lost: let one session find out before the others follow. */
  lost(): void {
    Atomics.compareExchange(this.#cells, this.#at + STATE, UP, UNKNOWN);
  }

  /** A thread has died: an attempt that it held is over. */
  static releaseThread(shared: SharedArrayBuffer, thread: number): void {
    const cells = new Int32Array(shared);
    for (let at = HOLDER; at < cells.length; at += CELLS) Atomics.compareExchange(cells, at, thread + 1, 0);
  }

  #release(): void {
    Atomics.compareExchange(this.#cells, this.#at + HOLDER, this.#thread + 1, 0);
  }

  #load(cell: number): number {
    return Atomics.load(this.#cells, this.#at + cell);
  }
}
