// The reading side of the log. It works on a read-only handle beside a running writer, and on the writer's own.

import type { Database, Statement } from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { PgsoakError } from "../errors.ts";
import { checkSchema } from "./migrator.ts";
import { explainSqliteError, openDatabase } from "./database.ts";
import { KIND_CODES } from "./event-kinds.ts";
import { checkEvent, decodeEvent, type EventRow, eventRowOf, ROW_COLUMNS, type RowContext } from "./event-row.ts";
import { type EventQuery, selectEvents } from "./event-query.ts";
import type { EventKind, MirrorEvent } from "./event.ts";
import { createFailureLookup } from "./failures.ts";
import type { Lane } from "./lanes.ts";
import { prepared } from "./prepared.ts";
import { RunIndex } from "./run-index.ts";
import type { LogTables } from "./tables.ts";

/** Rows that a scan holds in memory at a time. */
const PAGE_ROWS = 2000;
const OUTCOMES = [KIND_CODES.mirrored, KIND_CODES.errored, KIND_CODES.dropped];
/** Events that are read and validated when a log is opened for writing. */
const TAIL_EVENTS = 100;

export class LogReader implements Disposable {
  readonly db: Database;
  /** For the reads of projections and routes. Never destroy it: it shares the handle. */
  readonly kysely: Kysely<LogTables>;
  readonly #page: Statement<[after: number, limit: number], EventRow>;
  readonly #outcomes: Statement<[after: number, last: number, limit: number], EventRow>;
  readonly #bounds: Statement<[], [first: number, last: number]>;
  readonly #from: Statement<[seq: number], [seq: number, at: number]>;
  readonly #prepared = new Map<string, Statement>();
  readonly #runs: RunIndex;
  readonly #context: RowContext;

  constructor(db: Database) {
    this.db = db;
    this.kysely = new Kysely<LogTables>({ dialect: new SqliteDialect({ database: db }) });
    this.#page = db
      .prepare<[number, number], EventRow>(`select ${ROW_COLUMNS} from event where seq > ? order by seq limit ?`)
      .raw();
    this.#outcomes = db
      .prepare<[number, number, number], EventRow>(
        `select ${ROW_COLUMNS} from event where seq > ? and seq <= ? and kind in (${OUTCOMES.join()})
         order by seq limit ?`,
      )
      .raw();
    // Two look-ups: an aggregate of both at once would read the whole table.
    this.#bounds = db
      .prepare<[], [number, number]>(
        "select coalesce((select min(seq) from event), 1), coalesce((select max(seq) from event), 0)",
      )
      .raw();
    this.#from = db
      .prepare<[number], [number, number]>("select seq, at from event where seq >= ? order by seq limit 1")
      .raw();
    this.#runs = new RunIndex(db);
    this.#context = { runAt: (seq) => this.#runs.runAt(seq), failure: createFailureLookup(db) };
  }

  /** One page of events in the order of the log, fully validated. Throws log_newer or log_damaged. */
  async readEvents(query: EventQuery): Promise<MirrorEvent[]> {
    const rows = await selectEvents(this.kysely, query).execute();
    this.#runs.refresh();
    return rows.map((row) => checkEvent(decodeEvent(eventRowOf(row), this.#context), row.seq));
  }

  /**
   * Visits at most `limit` events behind `after` and returns the seq of the last one (`after` when there was none).
   * The quick way for folds: the frequent kinds are built from their rows without the schema.
   */
  scan(after: number, visit: (event: MirrorEvent) => void, limit = Number.POSITIVE_INFINITY): number {
    let last = after;
    for (let left = limit; left > 0;) {
      const rows = this.#page.all(last, Math.min(left, PAGE_ROWS));
      if (rows.length === 0) break;
      this.#runs.refresh();
      for (const row of rows) visit(decodeEvent(row, this.#context));
      last = rows[rows.length - 1]![0];
      left -= rows.length;
    }
    return last;
  }

  /**
   * Visits the outcomes of the events behind `after` up to `last`: mirrored, errored, dropped. What is not read at all,
   * half of a log, costs a tenth of what is.
   */
  scanOutcomes(after: number, last: number, visit: (event: MirrorEvent) => void): void {
    for (let read = after; ;) {
      const rows = this.#outcomes.all(read, last, PAGE_ROWS);
      if (rows.length === 0) return;
      for (const row of rows) visit(decodeEvent(row, this.#context));
      read = rows[rows.length - 1]![0];
    }
  }

  /**
   * Visits at most `limit` events behind `after` of these kinds, all of them rare ones, which are found without reading the
   * others. Returns the seq of the last one when there may be more behind it, else null.
   */
  scanRare(
    after: number,
    kinds: readonly EventKind[],
    visit: (event: MirrorEvent) => void,
    limit: number,
  ): number | null {
    // Kind by kind the index has them in order; of all at once every page would sort the rest of the log.
    const select = `${kinds.map(selectRare).join(" union all ")} order by seq limit ?2`;
    const rows = this.prepareRaw<[{ 1: number; 2: number }], EventRow>(select).all({ 1: after, 2: limit });
    this.#runs.refresh();
    for (const row of rows) visit(decodeEvent(row, this.#context));
    return rows.length < limit ? null : rows[rows.length - 1]![0];
  }

  /** The seq of the newest event; 0 for none. */
  lastSeq(): number {
    return prepared<[], number>(this.db, "select coalesce(max(seq), 0) from event").pluck().get()!;
  }

  /** Changes whenever another connection has committed (sqlite.org/pragma.html#pragma_data_version). */
  commitsSeen(): unknown {
    return this.db.pragma("data_version", { simple: true });
  }

  /** The time of the newest event, microseconds since the Unix epoch; 0 for none. */
  lastAt(): number {
    return prepared<[], number>(this.db, "select at from event order by seq desc limit 1").pluck().get() ?? 0;
  }

  /**
   * The seq of the first event at `at` (microseconds) or later; one behind the last event when there is none. Time never
   * decreases with seq, so this takes some thirty look-ups in a log of any size.
   */
  seqAt(at: number): number {
    const [first, last] = this.#bounds.get()!;
    let [low, high] = [first, last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [seq, time] = this.#from.get(middle)!;
      if (time >= at) high = middle;
      else low = seq + 1;
    }
    return low;
  }

  /** The newest event, or null. */
  lastEvent(): MirrorEvent | null {
    let last: MirrorEvent | null = null;
    this.scan(this.lastSeq() - 1, (event) => (last = event), 1);
    return last;
  }

  /**
   * Whether the end of the log makes sense: its last events are valid, and no fold is ahead of them. Throws log_damaged
   * or log_newer.
   */
  checkTail(): void {
    const lastSeq = this.lastSeq();
    this.scan(lastSeq - TAIL_EVENTS, (event) => checkEvent(event, event.seq));
    const ahead = this.db
      .prepare<[number], string>("select name from fold_position where seq > ?")
      .pluck()
      .get(lastSeq);
    if (ahead === undefined) return;
    const message = `The log ends at event ${lastSeq}, but ${ahead} has counted more: its end is lost. Restore the file from a backup.`;
    throw new PgsoakError("log_damaged", message);
  }

  /** The statement, prepared once for the life of the reader: for reads that come again and again. Rows are arrays. */
  prepareRaw<Parameters extends unknown[], Row>(sql: string): Statement<Parameters, Row> {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) this.#prepared.set(sql, (statement = this.db.prepare(sql).raw()));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same words make the same rows
    return statement as Statement<Parameters, Row>;
  }

  lanes(): Lane[] {
    return this.db.prepare<[], Lane>("select id, mirroring, database from lane order by id").all();
  }

  /** The normalised text of a statement; null for 0 and for unknown ids. */
  statementText(id: number): string | null {
    return this.db.prepare<[number], string>("select text from statement where id = ?").pluck().get(id) ?? null;
  }

  /** The id of the latest run; 0 when there was none. */
  lastRun(): number {
    this.#runs.refresh();
    return this.#runs.lastRun();
  }

  close(): void {
    this.db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens the log read-only, beside a running service or without one. Throws log_missing, log_unusable, log_damaged or
 * log_newer.
 */
export function openReader(path: string): LogReader {
  const db = openDatabase(path, { readonly: true });
  try {
    checkSchema(db, path);
    return new LogReader(db);
  } catch (error) {
    db.close();
    throw explainSqliteError(error, path);
  }
}

/** ?1 is the seq that is known, ?2 how many. The very words of the index's own condition, or SQLite doesn't see that it has all. */
const selectRare = (kind: EventKind): string => `select * from (select ${ROW_COLUMNS} from event
  where kind >= 6 and kind = ${KIND_CODES[kind]} and seq > ?1 order by seq limit ?2)`;
