// Checksums over the raw log: a row of `seal` for each closed range of events, and the range that is still growing in
// the only row of `seal_open`. A range whose events retention has removed keeps its row, marked.

import type { Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("seal")
    .addColumn("first_seq", "integer", (column) => column.primaryKey())
    .addColumn("last_seq", "integer", (column) => column.notNull())
    .addColumn("events", "integer", (column) => column.notNull())
    .addColumn("checksum", "integer", (column) => column.notNull())
    .addColumn("removed", "integer", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("seal_open")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("first_seq", "integer", (column) => column.notNull())
    .addColumn("events", "integer", (column) => column.notNull())
    .addColumn("checksum", "integer", (column) => column.notNull())
    .execute();
}
