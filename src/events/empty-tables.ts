// Empties large tables in small steps. Deleting all rows at once visits every page of the table, and a thread that records
// must not be busy for that long.

import type { Database } from "better-sqlite3";

/** Rows between two looks at the clock. */
const CHUNK_ROWS = 50;
/** Tables that have fewer rows together are emptied at once. */
const FEW_ROWS = 1000;

/** Whether all rows of the tables are few enough to be deleted at once. */
export function areSmall(db: Database, tables: readonly string[]): boolean {
  let left = FEW_ROWS;
  for (const table of tables) {
    const count = db.prepare<[number], number>(`select count(*) from (select 1 from "${table}" limit ?)`);
    left -= count.pluck().get(left)!;
  }
  return left > 0;
}

/** Deletes rows of the tables for about `ms`, inside the caller's transaction. Returns whether there are more. */
export function emptySome(db: Database, tables: readonly string[], ms: number): boolean {
  const until = performance.now() + ms;
  for (const table of tables) {
    const key = keyOf(db, table);
    const chunk = `delete from "${table}" where (${key}) in (select ${key} from "${table}" limit ${CHUNK_ROWS})`;
    const remove = db.prepare(chunk);
    while (remove.run().changes > 0) if (performance.now() >= until) return true;
  }
  return false;
}

function keyOf(db: Database, table: string): string {
  const columns = db.prepare<[string], string>("select name from pragma_table_info(?) where pk > 0 order by pk");
  const key = columns.pluck().all(table);
  return key.length === 0 ? "rowid" : key.map((name) => `"${name}"`).join(", ");
}
