// Tables of the rollups by day: the same columns as those by hour. A week is read from half a dozen days and 24 hours
// then, not from 168 hours.

import { type Kysely, sql } from "kysely";

const TABLES = [
  ["rollup_1h", "rollup_1d"],
  ["statement_rollup_1h", "statement_rollup_1d"],
] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [hours, days] of TABLES) {
    const { rows } = await sql<{ sql: string }>`select sql from sqlite_schema where name = ${hours}`.execute(db);
    await sql.raw(rows[0]!.sql.replace(hours, days)).execute(db);
  }
}
