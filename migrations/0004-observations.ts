// When each mirroring was observed, and what people and changes say about the evidence. Moments are microseconds since
// the Unix epoch; a span is [from_us, to_us), and the one that lasts has no to_us.
//
//   observation      the state of each mirroring, without holes from its first run on
//   observation_gap  spans in which nothing is known of any mirroring, whatever its state was
//   marker, epoch    by the seq of their events
//   known_facts      what was last said about a mirroring, by scope, as JSON

import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("observation")
    .addColumn("mirroring", "text", (column) => column.notNull())
    .addColumn("from_us", "integer", (column) => column.notNull())
    .addColumn("to_us", "integer")
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("mirror", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("observation_key", ["mirroring", "from_us"])
    .execute();
  // Every mirroring has one row that lasts: by them the mirrorings are found.
  await sql`create index observation_open on observation (mirroring) where to_us is null`.execute(db);
  await db.schema
    .createTable("observation_gap")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("from_us", "integer", (column) => column.notNull())
    .addColumn("to_us", "integer", (column) => column.notNull())
    .addColumn("cause", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("marker")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("at", "integer", (column) => column.notNull())
    .addColumn("text", "text", (column) => column.notNull())
    .addColumn("who", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("epoch")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("at", "integer", (column) => column.notNull())
    .addColumn("mirroring", "text")
    .addColumn("what", "text", (column) => column.notNull())
    .addColumn("before", "text", (column) => column.notNull())
    .addColumn("after", "text", (column) => column.notNull())
    .addColumn("who", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("known_facts")
    .addColumn("mirroring", "text", (column) => column.notNull())
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("facts", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("known_facts_key", ["mirroring", "scope"])
    .execute();
}
