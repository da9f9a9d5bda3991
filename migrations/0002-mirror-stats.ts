// Tables of the projections MirrorStats and ledger balance: a row for each lane, lane 0 for all of them (mirror_stats)
// or for the log itself (ledger_balance). Times are microseconds, moments microseconds since the Unix epoch.

import type { Kysely } from "kysely";

const ERRORS = ["errors_connection", "errors_query", "errors_timeout", "errors_buffer_full"];

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

const STATS = [
  "requests_total",
  "requests_selected",
  "requests_mirrored",
  "requests_errored",
  "requests_dropped",
  "requests_skipped",
  "requests_unrecorded",
  ...ERRORS,
  "cascades",
  "consequences",
  "latency_sum_us",
  "latency_count",
  "latency_max_us",
  "consecutive_errors",
  "consecutive_successes",
  ...PARITIES,
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
];

const BALANCE = ["seen", "skipped", "selected", "mirrored", "errored", "dropped", "unrecorded", ...ERRORS, ...PARITIES];

async function createLaneTable(
  db: Kysely<unknown>,
  name: string,
  counters: readonly string[],
  moments: readonly string[],
): Promise<void> {
  let table = db.schema.createTable(name).addColumn("lane", "integer", (column) => column.primaryKey());
  for (const counter of counters) table = table.addColumn(counter, "integer", (column) => column.notNull());
  for (const moment of moments) table = table.addColumn(moment, "integer");
  await table.execute();
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await createLaneTable(db, "mirror_stats", STATS, ["last_success", "last_error"]);
  await createLaneTable(db, "ledger_balance", BALANCE, ["since"]);
}
