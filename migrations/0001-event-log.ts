// The event log: the events themselves, the dictionaries that their ids point into, and what the log needs to open fast.
//
// `event` is narrow on purpose. Small integers take one to three bytes each and a zero none, so the columns that a kind
// has no use for stay 0; only `root` tells "none" from 0, and only the rare kinds have a `detail`.
//
//   kind          lane  request  session  statement  amount      code           *_us  root  detail
//   0 queued       x       x        x         x      bytes
//   1 mirrored     x       x                  x      rows        parity          x     x
//   2 errored      x       x                  x                  failure id      x     x
//   3 dropped      x       x                  x      was queued  reason
//   4 tallied      x                                 requests
//   5 skipped      x                                 requests    reason
//   6 unrecorded   0 = unknown                       requests, -1 = unknown                   JSON
//   7 … 12         the rare kinds                                                             JSON

import { type Kysely, sql } from "kysely";

/** "pgsk", read by `file` and by pgsoak itself to tell its log from other SQLite files. */
const APPLICATION_ID = 0x7067736b;

const EVENT_INTEGERS = [
  "at",
  "kind",
  "lane",
  "request",
  "session",
  "statement",
  "amount",
  "code",
  "mirror_us",
  "primary_us",
  "wait_us",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`pragma application_id = ${sql.lit(APPLICATION_ID)}`.execute(db);

  let event = db.schema.createTable("event").addColumn("seq", "integer", (column) => column.primaryKey());
  for (const name of EVENT_INTEGERS) event = event.addColumn(name, "integer", (column) => column.notNull());
  await event.addColumn("root", "integer").addColumn("detail", "text").execute();
  // The rare kinds are looked for by kind; the kinds of every request stay out of the index.
  await sql`create index event_rare on event (kind) where kind >= 6`.execute(db);

  await db.schema
    .createTable("lane")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("mirroring", "text", (column) => column.notNull())
    .addColumn("database", "text", (column) => column.notNull())
    .addUniqueConstraint("lane_unique", ["mirroring", "database"])
    .execute();
  await db.schema
    .createTable("statement")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("fingerprint", "text", (column) => column.notNull().unique())
    .addColumn("text", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("failure")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("category", "text", (column) => column.notNull())
    .addColumn("attribution", "text", (column) => column.notNull())
    .addColumn("sqlstate", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addUniqueConstraint("failure_unique", ["category", "attribution", "sqlstate", "message"])
    .execute();
  await db.schema
    .createTable("run")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("first_seq", "integer", (column) => column.notNull().unique())
    .execute();

  await db.schema
    .createTable("fold_position")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("seq", "integer", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("in_flight")
    .addColumn("lane", "integer", (column) => column.primaryKey())
    .addColumn("requests", "integer", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("open_request")
    .addColumn("request", "integer", (column) => column.primaryKey())
    .addColumn("seq", "integer", (column) => column.notNull())
    .addColumn("lane", "integer", (column) => column.notNull())
    .addColumn("statement", "integer", (column) => column.notNull())
    .execute();
}
