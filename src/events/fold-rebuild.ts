// Brings folds that are new, of another version or behind to the end of the log, slice by slice: each slice is a short
// transaction, so that the writer can append between two of them, and a crash costs at most the last one.

import { restoreCheckpoint } from "./checkpoint.ts";
import type { MirrorEvent } from "./event.ts";
import type { Fold } from "./fold.ts";
import { readPosition, savePositions } from "./fold-positions.ts";
import type { LogReader } from "./log-reader.ts";

/** Events between two looks at the clock. */
const CHUNK_EVENTS = 500;
/** The same for who has more time than this: longer chunks are quicker. */
const CHUNK_EVENTS_PATIENT = 2000;
const PATIENT_MS = 10;
/** Events of one slice: bounds what folds keep in memory until they are saved. */
const SLICE_EVENTS_MAX = 100_000;

/** Rows that may wait where a rebuild is not saved after each slice: bounds the same. */
const WAITING_ROWS_MAX = 30_000;

interface Behind {
  readonly fold: Fold;
  seq: number;
}

/** How far a rebuild has come. */
export interface Rebuilding {
  readonly projection: string;
  /** Events folded, of all that the log has had. */
  readonly done: number;
  readonly of: number;
}

export class FoldRebuild {
  readonly #reader: LogReader;
  readonly #slice: (readMs: number) => void;
  readonly #isOneTransaction: boolean;
  #behind: Behind[];
  #isStale = false;

  /**
   * Loads the folds, or empties those whose tables are of another version. The log has one writer: this one. With
   * `isOneTransaction` all of it is in one of the caller's, so that it need not be saved before the end.
   */
  constructor(reader: LogReader, folds: readonly Fold[], isOneTransaction = false) {
    this.#reader = reader;
    this.#isOneTransaction = isOneTransaction;
    const { db } = reader;
    this.#behind = db.transaction(() => folds.map((fold) => ({ fold, seq: prepare(reader, fold) }))).immediate();
    const slice = db.transaction((readMs: number) => this.#fold(readMs));
    this.#slice = (readMs) => slice.immediate(readMs);
  }

  /** The fold that is farthest behind; null when none is. */
  get progress(): Rebuilding | null {
    const last = this.#behind.toSorted((a, b) => a.seq - b.seq)[0];
    if (last === undefined) return null;
    return { projection: last.fold.name, done: last.seq, of: this.#reader.lastSeq() };
  }

  /** Hands over the folds that stand at the end of the log: from here on they must see every batch. */
  takeWhole(): Fold[] {
    const end = this.#reader.lastSeq();
    const whole = this.#behind.filter(({ seq }) => seq >= end);
    this.#behind = this.#behind.filter(({ seq }) => seq < end);
    return whole.map(({ fold }) => fold);
  }

  /** Reads and folds for about `readMs`, then saves. When it throws, the folds stand where they stood before. */
  step(readMs: number): void {
    if (this.#isStale) this.#reload();
    try {
      this.#slice(readMs);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  #fold(readMs: number): void {
    const until = performance.now() + readMs;
    const chunk = readMs > PATIENT_MS ? CHUNK_EVENTS_PATIENT : CHUNK_EVENTS;
    const start = Math.min(...this.#behind.map(({ seq }) => seq));
    let last = start;
    for (let end = -1; end !== last && last - start < SLICE_EVENTS_MAX;) {
      end = last;
      const events: MirrorEvent[] = [];
      last = this.#reader.scan(end, (event) => events.push(event), chunk);
      // Fold by fold: a loop that stays in one of them runs quicker.
      for (const { fold, seq } of this.#behind) {
        for (const event of events) if (event.seq > seq) fold.apply(event);
      }
      if (performance.now() >= until) break;
    }
    const moved = this.#behind.filter(({ seq }) => seq < last);
    const { db } = this.#reader;
    if (this.#isOneTransaction && last < this.#reader.lastSeq() && this.#canWait()) {
      for (const each of moved) each.seq = last;
      return;
    }
    for (const { fold } of moved) fold.save(db);
    savePositions(
      db,
      moved.map(({ fold }) => fold),
      last,
    );
    for (const each of moved) each.seq = last;
  }

  #canWait(): boolean {
    const { db } = this.#reader;
    return this.#behind.reduce((waiting, { fold }) => waiting + (fold.settle?.(db) ?? 0), 0) < WAITING_ROWS_MAX;
  }

  #reload(): void {
    for (const each of this.#behind) {
      each.fold.load(this.#reader.db);
      each.seq = readPosition(this.#reader.db, each.fold.name)?.seq ?? 0;
    }
    this.#isStale = false;
  }
}

/** Loads the folds and brings them to the end of the log, however long that takes. */
export function catchUp(reader: LogReader, folds: readonly Fold[]): void {
  const rebuild = new FoldRebuild(reader, folds);
  for (rebuild.takeWhole(); rebuild.progress !== null; rebuild.takeWhole()) rebuild.step(Number.POSITIVE_INFINITY);
}

/** Returns the seq that the fold stands at, ready to go on from there. */
function prepare({ db }: LogReader, fold: Fold): number {
  const position = readPosition(db, fold.name);
  if (position?.version === fold.version) {
    fold.load(db);
    return position.seq;
  }
  fold.clear(db);
  return restoreCheckpoint(db, fold);
}
