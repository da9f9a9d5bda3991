// given(fold, events) for projections: a fold on its own tables in memory, without an event log around it.

import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { up as createStats } from "../../migrations/0002-mirror-stats.ts";
import { up as createRollups } from "../../migrations/0003-rollups.ts";
import { up as createObservations } from "../../migrations/0004-observations.ts";
import { up as createLatencyTotals } from "../../migrations/0007-latency-totals.ts";
import { up as createDayRollups } from "../../migrations/0008-day-rollups.ts";
import type { NewEvent } from "../../src/events/event.ts";
import type { Fold } from "../../src/events/fold.ts";

export interface Folded extends Disposable {
  readonly db: Database.Database;
  /** Folds and saves one more batch. */
  when(...events: NewEvent[]): void;
  /** The rows of a table by lane, read back from disk. */
  rows(table: string): Record<number, Record<string, number | null>>;
}

/** Opens a database with the projections' tables and folds a first batch into it. */
export async function given(fold: Fold, ...first: NewEvent[]): Promise<Folded> {
  const db = new Database(":memory:");
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: db }) });
  await createStats(kysely);
  await createRollups(kysely);
  await createObservations(kysely);
  await createLatencyTotals(kysely);
  await createDayRollups(kysely);
  let seq = 0;
  const when = (...events: NewEvent[]): void => {
    for (const event of events) fold.apply({ ...event, seq: ++seq });
    fold.save(db);
  };
  fold.load(db);
  when(...first);
  return {
    db,
    when,
    rows: (table) => {
      const rows = db.prepare<[], Record<string, number | null>>(`select * from ${table}`).all();
      return Object.fromEntries(rows.map((row) => [Number(row["lane"]), row]));
    },
    [Symbol.dispose]: () => db.close(),
  };
}
