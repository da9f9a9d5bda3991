// The state of a projection that keeps one row of numbers for each lane: rows in memory, upserts of the changed ones.
// Lane ids are small and dense, so an array holds them; nothing is allocated for an event of a known lane.

import type { Database, Statement } from "better-sqlite3";

interface Entry<Row> {
  readonly lane: number;
  readonly row: Row;
  changed: boolean;
}

export class LaneRows<Row extends Record<string, number | null>> {
  readonly table: string;
  readonly #columns: readonly string[];
  readonly #blank: () => Row;
  #entries: (Entry<Row> | undefined)[] = [];
  #changed: Entry<Row>[] = [];
  #upsert: Statement | null = null;

  /** `blank` makes the row of a new lane; `table` has the primary key `lane` and a column for each field of it. */
  constructor(table: string, blank: () => Row) {
    this.table = table;
    this.#columns = Object.keys(blank());
    this.#blank = blank;
  }

  /** The lane's row, made when it is missing, for changing: the next save writes it. */
  touch(lane: number): Row {
    const entry = (this.#entries[lane] ??= { lane, row: this.#blank(), changed: false });
    if (!entry.changed) {
      entry.changed = true;
      this.#changed.push(entry);
    }
    return entry.row;
  }

  /** The lanes that have a row. */
  lanes(): number[] {
    return this.#entries.flatMap((entry) => (entry === undefined ? [] : [entry.lane]));
  }

  clear(db: Database): void {
    db.prepare(`delete from ${this.table}`).run();
    this.#forget();
  }

  load(db: Database): void {
    this.#forget();
    const select = db.prepare<[], Row & { lane: number }>(
      `select lane, ${this.#columns.join(", ")} from ${this.table}`,
    );
    for (const { lane, ...columns } of select.iterate()) {
      const row = Object.assign(this.#blank(), columns);
      this.#entries[lane] = { lane, row, changed: false };
    }
  }

  /** Writes the rows that were touched since the last load or save. */
  save(db: Database): void {
    if (this.#changed.length === 0) return;
    const upsert = this.#upsertFor(db);
    for (const entry of this.#changed) {
      upsert.run(
        entry.lane,
        this.#columns.map((column) => entry.row[column]),
      );
      entry.changed = false;
    }
    this.#changed = [];
  }

  /** Kept from one batch to the next: preparing it takes longer than running it. */
  #upsertFor(db: Database): Statement {
    if (this.#upsert?.database !== db) {
      const names = ["lane", ...this.#columns];
      const values = names.map(() => "?").join(", ");
      this.#upsert = db.prepare(`insert or replace into ${this.table} (${names.join(", ")}) values (${values})`);
    }
    return this.#upsert;
  }

  #forget(): void {
    this.#entries = [];
    this.#changed = [];
  }
}
