// Writing a table of buckets. Rows and expiry wait in the order of the log until they are saved: what is put and expires in
// between never becomes a row, and a log with little traffic that is folded anew has hardly anything else.
//
// Expiry goes in small steps, so that a long pause costs no long delete. Which rows are left depends on what was put and
// expired alone, not on how often it was saved. Most of the cost of a row is handing its values over, so the counters that
// most rows don't need have a 0 in the text of a statement of its own.

import type { Database, Statement } from "better-sqlite3";

/** Begins with the bucket. */
type Key = readonly number[];

interface Waiting {
  readonly key: Key;
  readonly row: BucketRow;
}

interface Expiry {
  readonly before: number;
  rowsMax: number;
}

/** Its columns in their order, the key aside. It doesn't change any more when it is put. */
export interface BucketRow {
  row(): readonly unknown[];
}

interface Statements {
  readonly insert: Statement;
  readonly insertPlain: Statement;
  readonly oldest: Statement<[before: number, limit: number], number[]>;
  readonly removeUpTo: Statement<number[]>;
  readonly removeBucket: Statement<[bucket: number]>;
}

export class BucketTable {
  readonly name: string;
  readonly #sql: Readonly<Record<keyof Statements, string>>;
  readonly #isRare: readonly boolean[];
  #db: Database | null = null;
  #statements: Statements | null = null;
  #rows: Waiting[] = [];
  #expiries: Expiry[] = [];
  #replaced: number[] = [];

  /** `keys` begin with `bucket` and are the primary key; `rare` are columns that are 0 in most rows, all at once. */
  constructor(name: string, keys: readonly string[], columns: readonly string[], rare: ReadonlySet<string>) {
    this.name = name;
    this.#isRare = columns.map((column) => rare.has(column));
    const names = [...keys, ...columns];
    const key = keys.join(", ");
    const insert = `insert or replace into ${name} (${names.join(", ")}) values`;
    this.#sql = {
      insert: `${insert} (${marks(names.length)})`,
      insertPlain: `${insert} (${names.map((column) => (rare.has(column) ? "0" : "?")).join(", ")})`,
      oldest: `select ${key} from ${name} where bucket < ? order by ${key} limit ?`,
      removeUpTo: `delete from ${name} where (${key}) <= (${marks(keys.length)})`,
      removeBucket: `delete from ${name} where bucket = ?`,
    };
  }

  /** Keys come in their order. */
  put(key: Key, row: BucketRow): void {
    this.#rows.push({ key, row });
  }

  /** At most `rowsMax` rows go, the oldest of those whose bucket begins before `before`, which never decreases. */
  expire(before: number, rowsMax: number): void {
    const last = this.#expiries.at(-1);
    if (last?.before === before) last.rowsMax += rowsMax;
    else this.#expiries.push({ before, rowsMax });
  }

  /** Whatever was saved of the bucket goes; only what is put has a row. */
  replace(bucket: number): void {
    this.#replaced.push(bucket);
  }

  /** Does away with what has expired. Returns how many rows still wait. */
  settle(db: Database): number {
    const statements = this.#prepared(db);
    for (const bucket of this.#replaced) statements.removeBucket.run(bucket);
    this.#replaced = [];
    if (this.#expiries.length > 0) this.#expireNow(statements);
    this.#expiries = [];
    return this.#rows.length;
  }

  /** The same, and writes what is left. */
  save(db: Database): void {
    this.settle(db);
    for (const { key, row } of this.#rows) this.write(db, key, row.row());
    this.#rows = [];
  }

  /** Writes a row at once. */
  write(db: Database, key: Key, values: readonly unknown[]): void {
    const { insert, insertPlain } = this.#prepared(db);
    const plain: unknown[] = [...key];
    for (let i = 0; i < values.length; i++) {
      if (!this.#isRare[i]) plain.push(values[i]);
      else if (values[i] !== 0) return void insert.run(...key, ...values);
    }
    insertPlain.run(...plain);
  }

  /** Empties the table. */
  clear(db: Database): void {
    db.prepare(`delete from ${this.name}`).run();
    this.forget();
  }

  /** Nothing waits any more. */
  forget(): void {
    this.#rows = [];
    this.#expiries = [];
    this.#replaced = [];
  }

  #expireNow({ oldest, removeUpTo }: Statements): void {
    const limit = this.#expiries.reduce((sum, { rowsMax }) => sum + rowsMax, 0);
    const stored = oldest.all(this.#expiries.at(-1)!.before, limit);
    const rows = this.#rows;
    let [gone, dropped] = [0, 0];
    for (const { before, rowsMax } of this.#expiries) {
      for (let left = rowsMax; left > 0; left--) {
        const [a, b] = [stored[gone], rows[dropped]?.key];
        // A key that is in both is one row, which was about to be written anew.
        const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a, b);
        const bucket = (order <= 0 ? a : b)?.[0];
        if (bucket === undefined || bucket >= before) break;
        if (order <= 0) gone++;
        if (order >= 0) dropped++;
      }
    }
    if (gone > 0) removeUpTo.run(...stored[gone - 1]!);
    if (dropped > 0) this.#rows = rows.slice(dropped);
  }

  /** Kept from one batch to the next: preparing takes longer than running. */
  #prepared(db: Database): Statements {
    if (this.#statements === null || this.#db !== db) {
      const { insert, insertPlain, oldest, removeUpTo, removeBucket } = this.#sql;
      this.#db = db;
      this.#statements = {
        insert: db.prepare(insert),
        insertPlain: db.prepare(insertPlain),
        oldest: db.prepare<[number, number], number[]>(oldest).raw(),
        removeUpTo: db.prepare(removeUpTo),
        removeBucket: db.prepare(removeBucket),
      };
    }
    return this.#statements;
  }
}

const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ");

function compareKeys(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
