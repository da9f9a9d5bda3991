// Statement rollups: what became of each statement on each lane, in buckets of ten minutes, an hour and a day.
//
// Thousands of statements may be at work, so the open bucket lives in memory. Every 20,000 events what has changed of it
// gets its rows, and a load folds the few events behind that once more. A bucket that closes is cut down to its most
// important statements, replaces its rows and is merged into the open hour; an hour that closes is written and merged into
// the open day, whose rows are written with each hour. So a load has few rows to read at any time of the day.

import type { Database } from "better-sqlite3";
import type { MirrorEvent } from "../events/event.ts";
import { CHECKPOINT_PREFIX } from "../events/checkpoint.ts";
import { readPosition } from "../events/fold-positions.ts";
import type { Fold } from "../events/fold.ts";
import { LogReader } from "../events/log-reader.ts";
import { prepared } from "../events/prepared.ts";
import { BucketTable } from "./bucket-table.ts";
import { bucketStart, type RollupLevel, STATEMENT_LEVELS } from "./rollup-levels.ts";
import { StatementBucket, type StatementEntry } from "./statement-bucket.ts";
import { RARE_STATEMENT_COUNTERS, STATEMENT_COLUMNS, type StatementValue } from "./statement-rollup.ts";

const KEYS = ["bucket", "lane", "statement"];
/** Events between two times at which the open bucket is written. So many of the newest may never be removed. */
export const STATEMENT_CHUNK_EVENTS = 20_000;
/** Rows that one closed bucket deletes of each table at most. */
const EXPIRED_ROWS = 500;
const TEN_MINUTES = STATEMENT_LEVELS[0]!;

interface Level extends RollupLevel {
  readonly rows: BucketTable;
  /** What has closed of the finer buckets in the open one. */
  open: StatementBucket;
  /** Rows of the open one that are not saved yet; those of an hour are found in its ten minutes. */
  readonly unsaved: Map<StatementEntry, readonly StatementValue[]> | null;
}

export class StatementRollups implements Fold {
  readonly name = "statement_rollups";
  readonly version = 2;
  readonly tables: readonly string[];
  readonly #tenMinutes: BucketTable;
  readonly #coarser: readonly Level[];
  readonly #positions: string;
  readonly #chunkEvents: number;
  readonly #prefix: string;
  #open = new StatementBucket();
  #start = Number.NEGATIVE_INFINITY; // of the open bucket
  #end = Number.NEGATIVE_INFINITY;
  #seq = 0;
  #at = 0;
  readonly #chunk = new Map<StatementEntry, readonly StatementValue[]>(); // as it was at the last end of one, not saved yet

  /** A load reads at most `chunkEvents` events; with a prefix, none: behind a checkpoint no event is left to read. */
  constructor(prefix = "", chunkEvents = STATEMENT_CHUNK_EVENTS) {
    this.#prefix = prefix;
    const [tenMinutes, ...coarser] = STATEMENT_LEVELS.map((level, index): Level => {
      const rows = new BucketTable(`${prefix}${level.table}`, KEYS, STATEMENT_COLUMNS, RARE_STATEMENT_COUNTERS);
      return { ...level, rows, open: new StatementBucket(), unsaved: index > 1 ? new Map() : null };
    });
    this.#tenMinutes = tenMinutes!.rows;
    this.#coarser = coarser;
    this.#positions = `${prefix}statement_rollup_position`;
    this.#chunkEvents = chunkEvents;
    this.tables = [this.#tenMinutes.name, ...coarser.map(({ rows }) => rows.name), this.#positions];
  }

  clear(db: Database): void {
    for (const table of this.tables) db.exec(`delete from ${table}`);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    const position = db.prepare<[], { seq: number; at: number }>(`select seq, at from ${this.#positions}`).get();
    if (position === undefined) return;
    this.#startBucket(position.at);
    for (const { us, rows, open, unsaved } of this.#coarser) {
      const first = bucketStart(this.#start, us);
      if (unsaved !== null) readBucket(db, rows.name, first, open);
      else
        for (let ten = first; ten < this.#start; ten += TEN_MINUTES.us)
          mergeBucket(db, this.#tenMinutes.name, ten, open);
    }
    const written = this.#readOpen(db, position.seq);
    const again = (event: MirrorEvent): void => {
      if (event.at >= this.#start && event.seq <= position.seq) this.#count(event);
    };
    new LogReader(db).scan(written, again, position.seq - written);
    this.#seq = position.seq;
    this.#at = position.at;
  }

  /** Takes the open bucket from its rows, which hold the events up to the seq that is returned. */
  #readOpen(db: Database, seq: number): number {
    const written = this.#prefix === "" ? Math.max(0, this.#chunkOf(seq) * this.#chunkEvents - 1) : seq;
    const checkpoint = this.#prefix === "" ? readPosition(db, this.name, CHECKPOINT_PREFIX) : null;
    if (checkpoint?.version === this.version && checkpoint.seq > written) {
      // The events between have been removed. What they changed has no rows here yet.
      readBucket(db, `main.${CHECKPOINT_PREFIX}${this.#tenMinutes.name}`, this.#start, this.#open);
      return checkpoint.seq;
    }
    readBucket(db, this.#tenMinutes.name, this.#start, this.#open);
    for (const entry of this.#open.entries()) entry.isChanged = false;
    return written;
  }

  apply(event: MirrorEvent): void {
    if (this.#prefix === "" && this.#chunkOf(event.seq) > this.#chunkOf(this.#seq)) this.#writeOpen();
    if (event.at >= this.#end) this.#close(event.at);
    this.#seq = event.seq;
    this.#at = event.at;
    this.#count(event);
  }

  save(db: Database): void {
    this.#tenMinutes.save(db);
    for (const { rows, us, unsaved } of this.#coarser) {
      rows.save(db);
      for (const [{ lane, statement }, values] of unsaved ?? []) {
        rows.write(db, [bucketStart(this.#start, us), lane, statement], values);
      }
      unsaved?.clear();
    }
    if (this.#prefix === "") this.#saveChunk(db);
    else this.#saveOpen(db);
    const upsert = `insert or replace into ${this.#positions} (id, seq, at) values (1, ?, ?)`;
    prepared(db, upsert).run(this.#seq, this.#at);
  }

  settle(db: Database): number {
    const waiting = this.#coarser.reduce((sum, { rows }) => sum + rows.settle(db), this.#chunk.size);
    return waiting + this.#tenMinutes.settle(db);
  }

  #count(event: MirrorEvent): void {
    switch (event.kind) {
      case "mirrored":
      case "errored":
      case "dropped":
        this.#open.touch(event.lane, event.statement).add(event);
        return;
      case "queued":
      case "tallied":
      case "skipped":
      case "unrecorded":
      case "run_started":
      case "run_stopped":
      case "observation_changed":
      case "epoch_started":
      case "marked":
      case "counters_reset":
      case "mirror_seen":
      case "idled":
        return;
    }
  }

  #saveChunk(db: Database): void {
    for (const [{ lane, statement }, values] of this.#chunk) {
      this.#tenMinutes.write(db, [this.#start, lane, statement], values);
    }
    this.#chunk.clear();
  }

  /** For a checkpoint: every event has its share in the rows. One by one, or memory is full of rows that wait. */
  #saveOpen(db: Database): void {
    for (const entry of this.#open.entries()) {
      if (!entry.isChanged) continue;
      entry.isChanged = false;
      this.#tenMinutes.write(db, [this.#start, entry.lane, entry.statement], entry.rollup.row());
    }
  }

  /** Everything up to the end of a chunk gets its rows. It depends on the position alone, as a replay must. */
  #writeOpen(): void {
    for (const entry of this.#open.entries()) {
      if (!entry.isChanged) continue;
      entry.isChanged = false;
      this.#chunk.set(entry, entry.rollup.row());
    }
  }

  #close(at: number): void {
    this.#chunk.clear();
    let closed = this.#open;
    putBucket(this.#tenMinutes, this.#start, closed);
    for (const level of this.#coarser) {
      for (const { lane, statement, rollup } of closed.inOrder()) level.open.touch(lane, statement).merge(rollup);
      const start = bucketStart(this.#start, level.us);
      if (at < start + level.us) {
        for (const entry of level.unsaved === null ? [] : level.open.entries()) {
          if (entry.isChanged) level.unsaved?.set(entry, entry.rollup.row());
          entry.isChanged = false;
        }
        break;
      }
      level.unsaved?.clear();
      closed = level.open;
      putBucket(level.rows, start, closed);
      level.open = new StatementBucket();
    }
    this.#open = new StatementBucket();
    this.#startBucket(at);
    this.#tenMinutes.expire(this.#start - TEN_MINUTES.keptUs, EXPIRED_ROWS);
    for (const { rows, us, keptUs } of this.#coarser) rows.expire(bucketStart(at, us) - keptUs, EXPIRED_ROWS);
  }

  #chunkOf(seq: number): number {
    return Math.floor(seq / this.#chunkEvents);
  }

  #startBucket(at: number): void {
    this.#start = bucketStart(at, TEN_MINUTES.us);
    this.#end = this.#start + TEN_MINUTES.us;
  }

  #forget(): void {
    this.#open = new StatementBucket();
    this.#chunk.clear();
    this.#tenMinutes.forget();
    for (const level of this.#coarser) {
      level.open = new StatementBucket();
      level.rows.forget();
      level.unsaved?.clear();
    }
    this.#startBucket(Number.NEGATIVE_INFINITY);
    this.#seq = 0;
    this.#at = 0;
  }
}

type Row = [lane: number, statement: number, ...StatementValue[]];

function rowsOf(db: Database, table: string, start: number): Row[] {
  const columns = STATEMENT_COLUMNS.join(", ");
  const select = `select lane, statement, ${columns} from ${table} where bucket = ? order by lane, statement`;
  return prepared<[number], Row>(db, select).raw().all(start);
}

/** Takes an open bucket from its rows. */
function readBucket(db: Database, table: string, start: number, into: StatementBucket): void {
  for (const row of rowsOf(db, table, start)) into.restore(row[0], row[1]).mergeRow(row, 2);
}

/** Adds the rows of a bucket that has closed, as was done when it closed. */
function mergeBucket(db: Database, table: string, start: number, into: StatementBucket): void {
  for (const row of rowsOf(db, table, start)) into.touch(row[0], row[1]).mergeRow(row, 2);
}

/** Cuts a bucket that has closed down, and has it written in the place of its rows. */
function putBucket(table: BucketTable, start: number, bucket: StatementBucket): void {
  if (bucket.size === 0) return;
  bucket.trim();
  table.replace(start);
  for (const { lane, statement, rollup } of bucket.inOrder()) table.put([start, lane, statement], rollup);
}
