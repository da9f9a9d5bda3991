// Rollups: what happened on each lane, in buckets of a second, ten seconds, a minute, an hour and a day.
//
//   event ─▶ open second ─closes─▶ open ten seconds ─closes─▶ open minute ─closes─▶ open hour ─closes─▶ open day
//             every batch           every second               every 10 s            every minute        every hour  is written
//
// A bucket closes when the first event of any lane comes that is later than its end, and is then merged into the open
// one of the next level; only what changed is written. Rows expire by the time of the log, some with each second.

import type { Database } from "better-sqlite3";
import type { MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";
import { BucketTable } from "./bucket-table.ts";
import { LaneRows } from "./lane-rows.ts";
import { NO_LANE } from "./ledger-balance.ts";
import { Rollup, ROLLUP_COLUMNS, type RollupValue } from "./rollup.ts";
import { bucketStart, ROLLUP_LEVELS, type RollupLevel } from "./rollup-levels.ts";
import { type LaneEvent, RARE_ROLLUP_COUNTERS } from "./rollup-counters.ts";

const KEYS = ["bucket", "lane"];
/** Rows that one closed second deletes of each table at most, beside four for each row that it closes. */
const EXPIRED_ROWS = 100;

interface Bucket {
  readonly rollup: Rollup;
  isChanged: boolean;
}

interface Level extends RollupLevel {
  readonly rows: BucketTable;
  /** The open buckets by lane; all of them begin at the same moment. */
  open: Map<number, Bucket>;
}

export class Rollups implements Fold {
  readonly name = "rollups";
  readonly version = 2;
  readonly tables: readonly string[];
  readonly #levels: readonly Level[];
  readonly #seconds: Level;
  readonly #inFlight: LaneRows<{ in_flight: number }>;
  #second = Number.NEGATIVE_INFINITY; // the open one
  #end = Number.NEGATIVE_INFINITY; // of the open second

  constructor(prefix = "") {
    this.#levels = ROLLUP_LEVELS.map((level) => {
      const table = `${prefix}${level.table}`;
      const rows = new BucketTable(table, KEYS, ROLLUP_COLUMNS, RARE_ROLLUP_COUNTERS);
      return { ...level, table, rows, open: new Map() };
    });
    this.#seconds = this.#levels[0]!;
    this.#inFlight = new LaneRows(`${prefix}rollup_lane`, () => ({ in_flight: 0 }));
    this.tables = [...this.#levels.map(({ table }) => table), this.#inFlight.table];
  }

  clear(db: Database): void {
    for (const { rows } of this.#levels) rows.clear(db);
    this.#inFlight.clear(db);
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    this.#inFlight.load(db);
    const last = db.prepare<[], number | null>(`select max(bucket) from ${this.#seconds.table}`).pluck().get();
    if (last === null || last === undefined) return;
    this.#startSecond(last);
    for (const { table, us, open } of this.#levels) {
      const select = `select lane, ${ROLLUP_COLUMNS.join(", ")} from ${table} where bucket = ?`;
      for (const row of db.prepare<[number], [number, ...RollupValue[]]>(select).raw().all(bucketStart(last, us))) {
        const rollup = new Rollup();
        rollup.mergeRow(row, 1);
        open.set(row[0], { rollup, isChanged: false });
      }
    }
  }

  apply(event: MirrorEvent): void {
    switch (event.kind) {
      case "queued":
      case "mirrored":
      case "errored":
      case "dropped":
      case "tallied":
      case "skipped":
        this.#count(event);
        return;
      case "unrecorded":
        if (event.requests === null || event.requests === 0) return;
        this.#bucketAt(event.at, event.lane ?? NO_LANE).counters.unrecorded += event.requests;
        return;
      case "run_started":
        // As in OpenRequests: nothing is left of the run before.
        for (const lane of this.#inFlight.lanes()) this.#inFlight.touch(lane).in_flight = 0;
        return;
      case "run_stopped":
      case "observation_changed":
      case "epoch_started":
      case "marked":
      case "mirror_seen":
      case "idled":
      case "counters_reset":
        return;
    }
  }

  save(db: Database): void {
    for (const { rows, us, open } of this.#levels) {
      rows.save(db);
      for (const [lane, bucket] of open) {
        if (bucket.isChanged) rows.write(db, [bucketStart(this.#second, us), lane], bucket.rollup.row());
        bucket.isChanged = false;
      }
    }
    this.#inFlight.save(db);
  }

  settle(db: Database): number {
    return this.#levels.reduce((waiting, { rows }) => waiting + rows.settle(db), 0);
  }

  #count(event: LaneEvent): void {
    const rollup = this.#bucketAt(event.at, event.lane);
    rollup.add(event);
    const flying = this.#inFlight.touch(event.lane);
    rollup.sawInFlight(flying.in_flight);
    if (event.kind === "queued") rollup.sawInFlight(++flying.in_flight);
    else if (event.kind === "mirrored" || event.kind === "errored") flying.in_flight--;
    else if (event.kind === "dropped" && event.wasQueued) flying.in_flight--;
  }

  /** The lane's open second, after everything that ends before it was closed. */
  #bucketAt(at: number, lane: number): Rollup {
    if (at >= this.#end) this.#advance(at);
    return touch(this.#seconds.open, lane);
  }

  #advance(at: number): void {
    let closed = 0;
    this.#levels.forEach((level, index) => {
      const bucket = bucketStart(this.#second, level.us);
      if (level.open.size === 0 || at < bucket + level.us) return;
      const next = this.#levels[index + 1];
      for (const [lane, { rollup, isChanged }] of [...level.open].sort(([a], [b]) => a - b)) {
        if (isChanged) level.rows.put([bucket, lane], rollup);
        if (next !== undefined) touch(next.open, lane).merge(rollup);
      }
      closed += level.open.size;
      level.open = new Map();
    });
    this.#startSecond(bucketStart(at, this.#seconds.us));
    if (closed === 0) return;
    for (const { rows, us, keptUs } of this.#levels) {
      if (Number.isFinite(keptUs)) rows.expire(bucketStart(at, us) - keptUs, EXPIRED_ROWS + 4 * closed);
    }
  }

  #startSecond(second: number): void {
    this.#second = second;
    this.#end = second + this.#seconds.us;
  }

  #forget(): void {
    for (const level of this.#levels) {
      level.open = new Map();
      level.rows.forget();
    }
    this.#startSecond(Number.NEGATIVE_INFINITY);
  }
}

/** The lane's open bucket, made when it is missing, for changing: the next save writes it. */
function touch(open: Map<number, Bucket>, lane: number): Rollup {
  let bucket = open.get(lane);
  if (bucket === undefined) {
    bucket = { rollup: new Rollup(), isChanged: true };
    open.set(lane, bucket);
  }
  bucket.isChanged = true;
  return bucket.rollup;
}
