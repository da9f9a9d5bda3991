// An append-only table of names with small ids, kept in memory as key → id. A new name has its id at once; its row is
// written by the transaction of the first batch that may use it, and kept back until that one has committed.

import type { Database, Statement } from "better-sqlite3";

export class Dictionary {
  readonly #ids = new Map<string, number>();
  readonly #insert: Statement;
  #unsaved: { id: number; values: readonly string[] }[] = [];
  #lastId = 0;

  /** `keyOf` tells rows apart by the values of `columns`, which are all text. */
  constructor(db: Database, table: string, columns: readonly string[], keyOf: (values: readonly string[]) => string) {
    const names = columns.join(", ");
    this.#insert = db.prepare(`insert into ${table} (id, ${names}) values (?${", ?".repeat(columns.length)})`);
    const rows = db.prepare<[], [number, ...string[]]>(`select id, ${names} from ${table}`).raw();
    for (const [id, ...values] of rows.iterate()) {
      this.#ids.set(keyOf(values), id);
      this.#lastId = Math.max(this.#lastId, id);
    }
  }

  get size(): number {
    return this.#ids.size;
  }

  find(key: string): number | undefined {
    return this.#ids.get(key);
  }

  keys(): Iterable<string> {
    return this.#ids.keys();
  }

  /** The id of a new row. */
  add(key: string, values: readonly string[]): number {
    const id = ++this.#lastId;
    this.#ids.set(key, id);
    this.#unsaved.push({ id, values });
    return id;
  }

  /** Writes the new rows. Called inside the append transaction. */
  save(): void {
    for (const { id, values } of this.#unsaved) this.#insert.run(id, ...values);
  }

  /** The transaction of the last save has committed. */
  saved(): void {
    if (this.#unsaved.length > 0) this.#unsaved = [];
  }
}
