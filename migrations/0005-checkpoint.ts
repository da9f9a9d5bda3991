// What retention leaves behind: how far raw events were removed, and how far the checkpoint's folds have come. The tables
// of those folds are copies of the live ones, made when the first event is removed.

import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("log_extent")
    .addColumn("id", "integer", (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn("removed_seq", "integer", (column) => column.notNull())
    .addColumn("removed_at", "integer")
    .execute();
  await sql`insert into log_extent (id, removed_seq, removed_at) values (1, 0, null)`.execute(db);
  await db.schema
    .createTable("checkpoint_fold_position")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("seq", "integer", (column) => column.notNull())
    .execute();
}
