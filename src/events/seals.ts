// Seals the log as it grows: each range of SEAL_EVENTS events gets a row with its checksum in the transaction that
// completes it. What the growing range has come to is saved with every batch, so a crash costs neither a seal nor a
// second reading of the range, and damage that happens before the range is full is not sealed as if it were right.

import type { Database, Statement } from "better-sqlite3";
import type { ColumnValue } from "./event-columns.ts";
import { prepared } from "./prepared.ts";
import { addRow, CHECKSUM_START } from "./row-checksum.ts";

export const SEAL_EVENTS = 100_000;

/** A range of events without a gap, and what they come to. */
export interface Seal {
  readonly firstSeq: number;
  readonly events: number;
  readonly checksum: number;
}

export class Seals {
  readonly #db: Database;
  readonly #sealEvents: number;
  readonly #insert: Statement<[firstSeq: number, lastSeq: number, events: number, checksum: number]>;
  readonly #saveOpen: Statement<[firstSeq: number, events: number, checksum: number]>;
  #complete: Seal[] = []; // not saved yet
  #firstSeq = 1;
  #events = 0;
  #checksum = CHECKSUM_START;

  /** `sealEvents`: a range ends at each multiple of it. */
  constructor(db: Database, sealEvents = SEAL_EVENTS) {
    this.#db = db;
    this.#sealEvents = sealEvents;
    this.#insert = db.prepare("insert into seal values (?, ?, ?, ?, 0)");
    this.#saveOpen = db.prepare("insert or replace into seal_open values (1, ?, ?, ?)");
    this.load();
  }

  /** Takes up where the log ends. Also called after a rollback. */
  load(): void {
    this.#complete = [];
    const lastSeq = this.#db.prepare<[], number>("select coalesce(max(seq), 0) from event").pluck().get()!;
    const open = readOpenSeal(this.#db);
    // Events that were never sealed, by whatever wrote them, are left out: their checksum would prove nothing.
    const { firstSeq, events, checksum } =
      open !== null && open.firstSeq + open.events === lastSeq + 1 ? open : emptySeal(lastSeq + 1);
    this.#firstSeq = firstSeq;
    this.#events = events;
    this.#checksum = checksum;
  }

  /** Rows that were inserted: `values` is the first one's seq, then `width` columns of each row. */
  addRows(values: readonly ColumnValue[], rows: number, width: number): void {
    const first = Number(values[0]);
    for (let row = 0; row < rows; row++) {
      this.#checksum = addRow(this.#checksum, first + row, values, 1 + row * width, width);
      this.#events++;
      if ((first + row) % this.#sealEvents === 0) this.#close(first + row);
    }
  }

  /** Called inside the append transaction. */
  save(): void {
    for (const { firstSeq, events, checksum } of this.#complete) {
      this.#insert.run(firstSeq, firstSeq + events - 1, events, checksum);
    }
    this.#complete = [];
    this.#saveOpen.run(this.#firstSeq, this.#events, this.#checksum);
  }

  #close(lastSeq: number): void {
    this.#complete.push({ firstSeq: this.#firstSeq, events: this.#events, checksum: this.#checksum });
    const next = emptySeal(lastSeq + 1);
    this.#firstSeq = next.firstSeq;
    this.#events = next.events;
    this.#checksum = next.checksum;
  }
}

const emptySeal = (firstSeq: number): Seal => ({ firstSeq, events: 0, checksum: CHECKSUM_START });

/** The range that is still growing; null in a log that was never written to. */
export function readOpenSeal(db: Database): Seal | null {
  const select = db.prepare<[], Seal>("select first_seq firstSeq, events, checksum from seal_open");
  return select.get() ?? null;
}

/**
 * For retention, in the transaction that removes the events up to `seq`: their seals have nothing to be compared with
 * any more. A range that is cut in the middle can't be verified either, so cut behind multiples of SEAL_EVENTS.
 */
export function markSealsRemoved(db: Database, seq: number): void {
  prepared<[number], never>(db, "update seal set removed = 1 where first_seq <= ? and removed = 0").run(seq);
}
