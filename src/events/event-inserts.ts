// Writes events as rows, many to a statement: most of the cost of a row is handing its values over, so the plain events
// go through a statement with fewer columns, and the values as arguments, which is quicker than as an array.

import type { Database, Statement } from "better-sqlite3";
import { type ColumnValue, encodeEvent, EVENT_COLUMNS, isPlain, PLAIN_COLUMNS } from "./event-columns.ts";
import type { EventOf, MirrorEvent } from "./event.ts";
import type { Seals } from "./seals.ts";

/** Rows of one statement, the largest that fits first. */
const CHUNKS = [50, 7, 1] as const;

interface Inserts {
  readonly rows: number;
  readonly plain: Statement;
  readonly full: Statement;
}

export class EventInserts {
  readonly #inserts: readonly Inserts[];
  readonly #failureIdOf: (event: EventOf<"errored">) => number;
  readonly #seals: Seals;

  constructor(db: Database, failureIdOf: (event: EventOf<"errored">) => number, seals: Seals) {
    this.#failureIdOf = failureIdOf;
    this.#seals = seals;
    this.#inserts = CHUNKS.map((rows) => ({
      rows,
      plain: db.prepare(insertSql(PLAIN_COLUMNS, rows)),
      full: db.prepare(insertSql(EVENT_COLUMNS, rows)),
    }));
  }

  /** Inserts events whose seqs follow one another. Called inside the append transaction. */
  insert(events: readonly MirrorEvent[]): void {
    let start = 0;
    for (const { rows, plain, full } of this.#inserts) {
      for (; start + rows <= events.length; start += rows) this.#insertChunk(events, start, rows, plain, full);
    }
  }

  #insertChunk(events: readonly MirrorEvent[], start: number, rows: number, plain: Statement, full: Statement): void {
    let isFull = false;
    for (let i = start; i < start + rows && !isFull; i++) isFull = !isPlain(events[i]!);
    const values: ColumnValue[] = [events[start]!.seq];
    for (let i = start; i < start + rows; i++) encodeEvent(events[i]!, this.#failureIdOf, isFull, values);
    (isFull ? full : plain).run(...values);
    this.#seals.addRows(values, rows, isFull ? EVENT_COLUMNS.length : PLAIN_COLUMNS.length);
  }
}

/** The first row names its seq; SQLite numbers the others behind it. */
function insertSql(columns: readonly string[], rows: number): string {
  const values = `, ?`.repeat(columns.length);
  const others = Array.from({ length: rows - 1 }, () => `(null${values})`);
  return `insert into event (seq, ${columns.join(", ")}) values ${[`(?${values})`, ...others].join(", ")}`;
}
