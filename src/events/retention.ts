// Removes raw events that are too old or too many, from the oldest. Before they go, the checkpoint's folds are brought
// over them, in the same transaction; their pages are given back to the file system when many are free.
//
//   removed ──────────┤ checkpoint │ events that are left ──────────────▶ live folds

import { statSync } from "node:fs";
import type { Database } from "better-sqlite3";
import type { Clock } from "../clock.ts";
import { CHECKPOINT_PREFIX, openCheckpoint, staleCheckpointTables } from "./checkpoint.ts";
import { emptySome } from "./empty-tables.ts";
import { type LogExtent, readExtent } from "./extent.ts";
import type { Fold } from "./fold.ts";
import { savePositions } from "./fold-positions.ts";
import type { LogReader } from "./log-reader.ts";
import { prepared } from "./prepared.ts";
import { markSealsRemoved } from "./seals.ts";

/** Events between two looks at the clock. */
const CHUNK_EVENTS = 250;
/** Free pages below this stay in the file: the next events fill them. */
const KEPT_EVENTS = 100_000;
const FREE_BYTES_KEPT = 16 * 1024 * 1024;
/** While a reader makes the write-ahead log grow beyond this, no page is moved. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;
/** How many pages are given back for each millisecond that a step may take. */
const PAGES_PER_MS = 40;

/** Cutting a file by very much at once takes long. */
const PAGES_CUT_MAX = 4096;

/** What of the log is kept. */
export interface KeptLimits {
  /** Events older than this are removed. */
  readonly retentionUs: number;
  /** The log is kept at about this size: what is in use, free pages aside. */
  readonly maxBytes: number;
}

export interface RetentionOptions extends KeptLimits {
  /** On the writer's handle. */
  readonly reader: LogReader;
  /** A second set of every fold that follows the log, with CHECKPOINT_PREFIX. */
  readonly folds: readonly Fold[];
  readonly clock: Clock;
  /** The newest events, which are never removed. KEPT_EVENTS when absent. */
  readonly keptEvents?: number;
  /** FREE_BYTES_KEPT when absent. */
  readonly freeBytesKept?: number;
  /** Names of folds that begin anew in the middle of the log, since the checkpoint knew another version of them. */
  readonly onForgotten?: (folds: readonly string[]) => void;
}

/** Events up to this seq that happened before this moment. */
interface End {
  readonly seq: number;
  readonly before: number;
}

interface Place {
  seq: number;
  at: number | null;
}

/** What is to be done next. */
export type Due = "remove" | "give back" | null;

export class Retention {
  readonly #options: RetentionOptions;
  readonly #db: Database;
  readonly #remove: (end: End, readMs: number) => number;
  #limits: KeptLimits;
  #isOpen = false;
  #pagesCut = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#limits = options;
    this.#db = options.reader.db;
    const remove = this.#db.transaction((end: End, readMs: number) => this.#removeSome(end, readMs));
    this.#remove = (end, readMs) => remove.immediate(end, readMs);
  }

  /** Other limits hold from the next look on. What was removed is gone. */
  keep(limits: KeptLimits): void {
    this.#limits = limits;
  }

  /** Cheap: reads the two ends of the log and its size. */
  due(): Due {
    const extent = readExtent(this.#db);
    if (extent.firstSeq <= this.#lastRemovable(extent) && this.#before(extent) > extent.firstAt!) return "remove";
    return this.#hasFreePages() ? "give back" : null;
  }

  /**
   * Reads and folds events that are due for about `readMs`, up to `endSeq` if that is given, removes them and returns how
   * many there were. When it throws, nothing has changed.
   */
  remove(readMs: number, endSeq = Number.MAX_SAFE_INTEGER): number {
    const extent = readExtent(this.#db);
    try {
      const end = { seq: Math.min(endSeq, this.#lastRemovable(extent)), before: this.#before(extent) };
      return this.#remove(end, readMs);
    } catch (error) {
      this.#isOpen = false;
      throw error;
    }
  }

  /** Cuts free pages off the end of the log; the file itself is cut when the write-ahead log is moved into it. */
  giveBack(readMs: number): void {
    if (this.#pagesCut >= PAGES_CUT_MAX) {
      this.#db.pragma("wal_checkpoint(passive)");
      this.#pagesCut = 0;
      return;
    }
    const pages = Math.max(1, Math.round(readMs * PAGES_PER_MS));
    this.#db.exec(`pragma incremental_vacuum(${pages})`);
    this.#pagesCut += pages;
  }

  /** The newest event says where the log ends, and folds read some again when they load. */
  #lastRemovable({ lastSeq }: LogExtent): number {
    return lastSeq - Math.max(1, this.#options.keptEvents ?? KEPT_EVENTS);
  }

  /** Events before this moment are due. The newest event's moment counts, so that no jump of the clock removes them all. */
  #before({ lastAt }: LogExtent): number {
    const { clock } = this.#options;
    const { retentionUs, maxBytes } = this.#limits;
    const pages = this.#pragma("page_count") - this.#pragma("freelist_count");
    if (pages * this.#pragma("page_size") > maxBytes) return Number.MAX_SAFE_INTEGER;
    return Math.min(clock.wallUs(), lastAt!) - retentionUs;
  }

  #removeSome(end: End, readMs: number): number {
    const { folds } = this.#options;
    if (!this.#openCheckpoint(readMs)) return 0;
    const { removedSeq, removedAt } = readExtent(this.#db);
    const { seq, at } = this.#fold({ seq: removedSeq, at: removedAt }, end, readMs);
    if (seq === removedSeq) return 0;
    for (const fold of folds) fold.save(this.#db);
    savePositions(this.#db, folds, seq, CHECKPOINT_PREFIX);
    prepared(this.#db, "delete from event where seq <= ?").run(seq);
    markSealsRemoved(this.#db, seq);
    prepared(this.#db, "update log_extent set removed_seq = ?, removed_at = ?").run(seq, at);
    return seq - removedSeq;
  }

  /** Brings the checkpoint's folds over the events behind `from` that are due, and returns the last one. */
  #fold(from: Place, to: End, readMs: number): Place {
    const { reader, folds } = this.#options;
    const until = performance.now() + readMs;
    const last: Place = { ...from };
    let read = from.seq;
    do {
      read = reader.scan(
        read,
        (event) => {
          if (event.at >= to.before || event.seq !== last.seq + 1) return;
          for (const fold of folds) fold.apply(event);
          last.seq = event.seq;
          last.at = Math.max(last.at ?? event.at, event.at);
        },
        Math.min(CHUNK_EVENTS, to.seq - read),
      );
    } while (read === last.seq && read < to.seq && performance.now() < until);
    return last;
  }

  /** False: tables of another version have to be emptied first, and that takes further steps. */
  #openCheckpoint(readMs: number): boolean {
    if (this.#isOpen) return true;
    const { folds, onForgotten } = this.#options;
    if (emptySome(this.#db, staleCheckpointTables(this.#db, folds), readMs)) return false;
    const forgotten = openCheckpoint(this.#db, folds);
    if (forgotten.length > 0) onForgotten?.(forgotten);
    this.#isOpen = true;
    return true;
  }

  #hasFreePages(): boolean {
    const { freeBytesKept = FREE_BYTES_KEPT } = this.#options;
    if (this.#pragma("freelist_count") * this.#pragma("page_size") <= freeBytesKept) return false;
    return (statSync(`${this.#db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0) <= WAL_BYTES_MAX;
  }

  #pragma(name: "page_count" | "freelist_count" | "page_size"): number {
    return prepared<[], number>(this.#db, `pragma ${name}`).pluck().get()!;
  }
}
