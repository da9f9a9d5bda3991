// Brings folds that are new, of another version or behind to the end of the log, slice by slice: each slice is a short
// transaction, so that the writer can append between two of them, and a crash costs at most the last one.

import type { Database } from "better-sqlite3";
import { restoreCheckpoint } from "./checkpoint.ts";
import { areSmall, emptySome } from "./empty-tables.ts";
import type { EventKind, MirrorEvent } from "./event.ts";
import { isRare } from "./event-kinds.ts";
import { readExtent } from "./extent.ts";
import { applyAll, type Fold } from "./fold.ts";
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

/** Of a fold whose tables still hold rows of another version. */
const EMPTYING = -1;

/** What has been removed is to be looked at again. */
const NOT_LOOKED = -1;

interface Behind {
  readonly fold: Fold;
  /** Whether its tables are being emptied; until then it has folded nothing. */
  isEmptying: boolean;
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
  /** Events up to here have been removed. */
  #removedSeq: number;

  /**
   * Loads the folds, or begins to empty those whose tables are of another version. The log has one writer: this one. With
   * `isOneTransaction` all of it is in one of the caller's, so that it need not be saved before the end.
   */
  constructor(reader: LogReader, folds: readonly Fold[], isOneTransaction = false) {
    this.#reader = reader;
    this.#isOneTransaction = isOneTransaction;
    const { db } = reader;
    this.#removedSeq = readExtent(db).removedSeq;
    this.#behind = db.transaction(() => folds.map((fold) => prepare(reader, fold))).immediate();
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
    const isWhole = ({ seq, isEmptying }: Behind): boolean => !isEmptying && seq >= end;
    const whole = this.#behind.filter(isWhole);
    this.#behind = this.#behind.filter((each) => !isWhole(each));
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
    this.#leaveRemoved();
    const emptying = this.#behind.find(({ isEmptying }) => isEmptying);
    if (emptying !== undefined) {
      this.#empty(emptying, readMs);
      return;
    }
    const [only, ...others] = this.#behind;
    const until = performance.now() + readMs;
    const chunk = readMs > PATIENT_MS ? CHUNK_EVENTS_PATIENT : CHUNK_EVENTS;
    if (others.length === 0 && only?.fold.rareKinds !== undefined) {
      this.#foldRare(only, only.fold.rareKinds, chunk, until);
      return;
    }
    const start = Math.min(...this.#behind.map(({ seq }) => seq));
    let last = start;
    for (let end = -1; end !== last && last - start < SLICE_EVENTS_MAX;) {
      end = last;
      const events: MirrorEvent[] = [];
      last = this.#reader.scan(end, (event) => events.push(event), chunk);
      // Fold by fold: a loop that stays in one of them runs quicker.
      const rare = events.filter(isRare);
      for (const { fold, seq } of this.#behind) {
        if (seq <= end) applyAll(fold, events, rare);
        else for (const event of events) if (event.seq > seq) fold.apply(event);
      }
      if (performance.now() >= until) break;
    }
    const moved = this.#behind.filter(({ seq }) => seq < last);
    if (this.#isOneTransaction && last < this.#reader.lastSeq() && this.#canWait()) {
      for (const each of moved) each.seq = last;
      return;
    }
    this.#save(moved, last);
  }

  /** Only the kinds that the fold looks at, of which there are few in most logs. */
  #foldRare(behind: Behind, kinds: readonly EventKind[], chunk: number, until: number): void {
    let last = behind.seq;
    for (let left = SLICE_EVENTS_MAX; left > 0; left -= chunk) {
      const read = this.#reader.scanRare(last, kinds, (event) => behind.fold.apply(event), chunk);
      if (read === null) {
        this.#save([behind], this.#reader.lastSeq());
        return;
      }
      last = read;
      if (performance.now() >= until) break;
    }
    this.#save([behind], last);
  }

  /** Folds that needed events which retention has removed meanwhile begin anew, with the checkpoint. */
  #leaveRemoved(): void {
    const { removedSeq } = readExtent(this.#reader.db);
    if (removedSeq === this.#removedSeq) return;
    for (const each of this.#behind) {
      if (each.isEmptying || each.seq >= removedSeq) continue;
      markEmptying(this.#reader.db, each.fold);
      each.isEmptying = true;
      each.seq = 0;
    }
    this.#removedSeq = removedSeq;
  }

  #save(moved: readonly Behind[], seq: number): void {
    const { db } = this.#reader;
    for (const { fold } of moved) fold.save(db);
    savePositions(
      db,
      moved.map(({ fold }) => fold),
      seq,
    );
    for (const each of moved) each.seq = seq;
  }

  #empty(behind: Behind, readMs: number): void {
    const { db } = this.#reader;
    const { fold } = behind;
    if (emptySome(db, fold.tables, readMs)) return;
    fold.clear(db);
    behind.seq = restoreCheckpoint(db, fold);
    behind.isEmptying = false;
  }

  #canWait(): boolean {
    const { db } = this.#reader;
    return this.#behind.reduce((waiting, { fold }) => waiting + (fold.settle?.(db) ?? 0), 0) < WAITING_ROWS_MAX;
  }

  #reload(): void {
    for (const each of this.#behind) {
      const position = readPosition(this.#reader.db, each.fold.name);
      each.isEmptying = position?.version === EMPTYING;
      each.seq = position?.seq ?? 0;
      if (!each.isEmptying) each.fold.load(this.#reader.db);
    }
    this.#isStale = false;
    // What a slice that failed has done about removed events is undone.
    this.#removedSeq = NOT_LOOKED;
  }
}

const isQuick = ({ rareKinds }: Fold): boolean => rareKinds !== undefined;

/** Loads the folds and brings them to the end of the log, however long that takes: for one with rareKinds, not long. */
export function catchUp(reader: LogReader, folds: readonly Fold[]): void {
  const together = [folds.filter((fold) => !isQuick(fold)), ...folds.filter(isQuick).map((fold) => [fold])];
  for (const some of together) {
    const rebuild = new FoldRebuild(reader, some);
    for (rebuild.takeWhole(); rebuild.progress !== null; rebuild.takeWhole()) rebuild.step(Number.POSITIVE_INFINITY);
  }
}

/** The fold ready to go on from where it stands. */
function prepare({ db }: LogReader, fold: Fold): Behind {
  const position = readPosition(db, fold.name);
  if (position?.version === fold.version && position.seq >= readExtent(db).removedSeq) {
    fold.load(db);
    return { fold, isEmptying: false, seq: position.seq };
  }
  if (areSmall(db, fold.tables)) {
    fold.clear(db);
    return { fold, isEmptying: false, seq: restoreCheckpoint(db, fold) };
  }
  markEmptying(db, fold);
  return { fold, isEmptying: true, seq: 0 };
}

/** Nobody takes what is left of its tables for the truth, and a start that comes before they are empty goes on here. */
function markEmptying(db: Database, { name }: Fold): void {
  savePositions(db, [{ name, version: EMPTYING }], 0);
}
