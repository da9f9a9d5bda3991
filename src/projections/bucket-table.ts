// Writing a table of buckets: upserts of rows, and expiry in small steps, so that a long pause costs no long delete.

import type { Database, Statement } from "better-sqlite3";

export class BucketTable {
  readonly name: string;
  readonly #insert: string;
  readonly #expire: string;
  #db: Database | null = null;
  #statements: { readonly insert: Statement; readonly expire: Statement } | null = null;

  /** `keys` begin with `bucket` and are the primary key. */
  constructor(name: string, keys: readonly string[], columns: readonly string[]) {
    this.name = name;
    const names = [...keys, ...columns];
    this.#insert = `insert or replace into ${name} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`;
    const key = keys.join(", ");
    const oldest = `select ${key} from ${name} where bucket < ? order by ${key} limit ?`;
    this.#expire = `delete from ${name} where (${key}) in (${oldest})`;
  }

  /** Keys and columns in their order. */
  write(db: Database, values: readonly unknown[]): void {
    this.#prepared(db).insert.run(...values);
  }

  /** Deletes at most `rowsMax` rows, the oldest of those whose bucket begins before `before`. */
  expire(db: Database, before: number, rowsMax: number): void {
    this.#prepared(db).expire.run(before, rowsMax);
  }

  clear(db: Database): void {
    db.prepare(`delete from ${this.name}`).run();
  }

  /** Kept from one batch to the next: preparing takes longer than running. */
  #prepared(db: Database): { readonly insert: Statement; readonly expire: Statement } {
    if (this.#statements === null || this.#db !== db) {
      this.#db = db;
      this.#statements = { insert: db.prepare(this.#insert), expire: db.prepare(this.#expire) };
    }
    return this.#statements;
  }
}
