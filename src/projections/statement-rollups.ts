// Statement rollups: what became of each statement on each lane, in buckets of ten minutes and an hour.
//
// Thousands of statements may be at work, so the open bucket lives in memory. Every 20,000 events what has changed of it
// gets its rows, and a load folds the few events behind that once more. A bucket that closes is cut down to its most
// important statements, replaces its rows and is merged into the open hour, which is written when it closes.

import type { Database } from "better-sqlite3";
import type { MirrorEvent } from "../events/event.ts";
import { CHECKPOINT_PREFIX } from "../events/checkpoint.ts";
import { readPosition } from "../events/fold-positions.ts";
import type { Fold } from "../events/fold.ts";
import { LogReader } from "../events/log-reader.ts";
import { prepared } from "../events/prepared.ts";
import { BucketTable } from "./bucket-table.ts";
import { bucketStart, STATEMENT_LEVELS } from "./rollup-levels.ts";
import { StatementBucket } from "./statement-bucket.ts";
import {
  RARE_STATEMENT_COUNTERS,
  STATEMENT_COLUMNS,
  type StatementRollup,
  type StatementValue,
} from "./statement-rollup.ts";

const KEYS = ["bucket", "lane", "statement"];
/** Events between two times at which the open bucket is written. So many of the newest may never be removed. */
export const STATEMENT_CHUNK_EVENTS = 20_000;
/** Rows that one closed bucket deletes of each table at most. */
const EXPIRED_ROWS = 500;
const [TEN_MINUTES, HOUR] = [STATEMENT_LEVELS[0]!, STATEMENT_LEVELS[1]!];

/** A row of the open bucket as it was at the end of a chunk. */
interface ChunkRow {
  readonly key: readonly [bucket: number, lane: number, statement: number];
  readonly values: readonly StatementValue[];
}

export class StatementRollups implements Fold {
  readonly name = "statement_rollups";
  readonly version = 1;
  readonly tables: readonly string[];
  readonly #tenMinutes: BucketTable;
  readonly #hours: BucketTable;
  readonly #positions: string;
  readonly #chunkEvents: number;
  readonly #prefix: string;
  #open = new StatementBucket();
  #hour = new StatementBucket(); // the closed buckets of the open hour
  #start = Number.NEGATIVE_INFINITY; // of the open bucket
  #end = Number.NEGATIVE_INFINITY;
  #seq = 0;
  #at = 0;
  #chunk: ChunkRow[] = []; // not saved yet

  /** A load reads at most `chunkEvents` events; with a prefix, none: behind a checkpoint no event is left to read. */
  constructor(prefix = "", chunkEvents = STATEMENT_CHUNK_EVENTS) {
    this.#prefix = prefix;
    this.#tenMinutes = new BucketTable(
      `${prefix}${TEN_MINUTES.table}`,
      KEYS,
      STATEMENT_COLUMNS,
      RARE_STATEMENT_COUNTERS,
    );
    this.#hours = new BucketTable(`${prefix}${HOUR.table}`, KEYS, STATEMENT_COLUMNS, RARE_STATEMENT_COUNTERS);
    this.#positions = `${prefix}statement_rollup_position`;
    this.#chunkEvents = chunkEvents;
    this.tables = [this.#tenMinutes.name, this.#hours.name, this.#positions];
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
    for (let start = bucketStart(this.#start, HOUR.us); start < this.#start; start += TEN_MINUTES.us) {
      readBucket(db, this.#tenMinutes.name, start, this.#hour);
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
    if (this.#chunkOf(event.seq) > this.#chunkOf(this.#seq)) this.#writeOpen();
    if (event.at >= this.#end) this.#close(event.at);
    this.#seq = event.seq;
    this.#at = event.at;
    this.#count(event);
  }

  save(db: Database): void {
    if (this.#prefix !== "") this.#writeOpen();
    this.#tenMinutes.save(db);
    this.#hours.save(db);
    for (const { key, values } of this.#chunk) this.#tenMinutes.write(db, key, values);
    this.#chunk = [];
    const upsert = `insert or replace into ${this.#positions} (id, seq, at) values (1, ?, ?)`;
    prepared(db, upsert).run(this.#seq, this.#at);
  }

  settle(db: Database): number {
    return this.#tenMinutes.settle(db) + this.#hours.settle(db) + this.#chunk.length;
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

  /** Everything up to the end of a chunk gets its rows. It depends on the position alone, as a replay must. */
  #writeOpen(): void {
    for (const entry of this.#open.entries()) {
      if (!entry.isChanged) continue;
      entry.isChanged = false;
      const { lane, statement, rollup } = entry;
      this.#chunk.push({ key: [this.#start, lane, statement], values: rollup.row() });
    }
  }

  #close(at: number): void {
    if (this.#open.size > 0) {
      this.#open.trim();
      this.#chunk = [];
      putBucket(this.#tenMinutes, this.#start, this.#open);
      for (const { lane, statement, rollup } of this.#open.entries()) this.#hour.touch(lane, statement).merge(rollup);
      this.#open = new StatementBucket();
    }
    const hour = bucketStart(this.#start, HOUR.us);
    if (at >= hour + HOUR.us && this.#hour.size > 0) {
      this.#hour.trim();
      putBucket(this.#hours, hour, this.#hour);
      this.#hour = new StatementBucket();
    }
    this.#startBucket(at);
    this.#tenMinutes.expire(this.#start - TEN_MINUTES.keptUs, EXPIRED_ROWS);
    this.#hours.expire(bucketStart(this.#start, HOUR.us) - HOUR.keptUs, EXPIRED_ROWS);
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
    this.#hour = new StatementBucket();
    this.#chunk = [];
    this.#tenMinutes.forget();
    this.#hours.forget();
    this.#startBucket(Number.NEGATIVE_INFINITY);
    this.#seq = 0;
    this.#at = 0;
  }
}

type Row = [lane: number, statement: number, ...StatementValue[]];

/** Adds the rows of a stored bucket to `into`. */
function readBucket(db: Database, table: string, start: number, into: StatementBucket): void {
  const select = `select lane, statement, ${STATEMENT_COLUMNS.join(", ")} from ${table} where bucket = ?`;
  for (const row of db.prepare<[number], Row>(select).raw().all(start)) {
    const rollup: StatementRollup = into.touch(row[0], row[1]);
    rollup.mergeRow(row, 2);
  }
}

function putBucket(table: BucketTable, start: number, bucket: StatementBucket): void {
  table.replace(start);
  const inOrder = [...bucket.entries()].sort((a, b) => a.lane - b.lane || a.statement - b.statement);
  for (const { lane, statement, rollup } of inOrder) table.put([start, lane, statement], rollup);
}
