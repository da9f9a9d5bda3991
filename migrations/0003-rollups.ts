// Tables of the projections Rollups and Statement rollups. A bucket is named by its beginning, microseconds since the
// Unix epoch; a lane or a statement without events in it has no row. Durations are microseconds, histograms are pairs of
// varints (empty buckets before this one, samples), null for none.

import { type Kysely, sql } from "kysely";

const PARITIES = [
  "parity_match",
  "parity_both_failed",
  "parity_mirror_failed",
  "parity_primary_failed",
  "parity_different_error",
  "parity_different_rows",
  "parity_different_content",
  "parity_unverifiable",
];

const COUNTERS = [
  "seen",
  "skipped",
  "selected",
  "mirrored",
  "errored",
  "dropped",
  "unrecorded",
  "skipped_exposure",
  "skipped_filter",
  "skipped_capacity",
  "skipped_replication",
  "skipped_paused",
  "skipped_disabled",
  "dropped_buffer_full",
  "dropped_session_closed",
  "dropped_shutdown",
  "dropped_interrupted",
  "errors_connection",
  "errors_query",
  "errors_timeout",
  "attribution_compatibility",
  "attribution_data_drift",
  "attribution_ordering",
  "attribution_capacity",
  "attribution_plumbing",
  "attribution_timeout",
  "attribution_other",
  "attribution_cascade",
  "consequences",
  ...PARITIES,
  "mirror_sum_us",
  "mirror_max_us",
  "primary_sum_us",
  "primary_max_us",
  "wait_sum_us",
  "wait_max_us",
  "consecutive_successes",
  "last_success",
  "last_failure",
  "peak_in_flight",
];

const STATEMENT_COUNTERS = [
  "mirrored",
  "errored",
  "dropped",
  "cascades",
  "consequences",
  ...PARITIES,
  "mirror_sum_us",
  "mirror_max_us",
  "primary_sum_us",
  "primary_max_us",
];

interface TableShape {
  readonly name: string;
  readonly keys: readonly string[];
  readonly counters: readonly string[];
  readonly nullable: readonly string[];
}

async function createBuckets(db: Kysely<unknown>, { name, keys, counters, nullable }: TableShape): Promise<void> {
  const columns = [
    ...keys.map((key) => `${key} integer not null`),
    ...counters.map((counter) => `${counter} integer not null`),
    ...nullable.map((column) => `${column} ${column === "errors" ? "text" : "blob"}`),
  ];
  await sql`create table ${sql.table(name)} (${sql.raw(columns.join(", "))}, primary key (${sql.raw(keys.join(", "))})) without rowid`.execute(
    db,
  );
}

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ["rollup_1s", "rollup_10s", "rollup_1m", "rollup_1h"]) {
    const nullable = ["mirror_histogram", "primary_histogram", "wait_histogram"];
    await createBuckets(db, { name, keys: ["bucket", "lane"], counters: COUNTERS, nullable });
  }
  await db.schema
    .createTable("rollup_lane")
    .addColumn("lane", "integer", (column) => column.primaryKey())
    .addColumn("in_flight", "integer", (column) => column.notNull())
    .execute();
  for (const name of ["statement_rollup_10m", "statement_rollup_1h"]) {
    const keys = ["bucket", "lane", "statement"];
    const nullable = ["errors", "mirror_histogram", "primary_histogram"];
    await createBuckets(db, { name, keys, counters: STATEMENT_COUNTERS, nullable });
  }
  await db.schema
    .createTable("statement_rollup_position")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("seq", "integer", (column) => column.notNull())
    .addColumn("at", "integer", (column) => column.notNull())
    .execute();
}
