// One row of MirrorStats: what was counted for a lane, or for all of them, since the last reset. The columns of the
// table mirror_stats have these names and units.

import { DROPPED_COUNTERS, PARITY_COUNTERS, SKIPPED_COUNTERS } from "./columns.ts";

const counters = {
  /** Seen by the tap. */
  requests_total: 0,
  requests_selected: 0,
  requests_mirrored: 0,
  requests_errored: 0,
  requests_dropped: 0,
  requests_skipped: 0,
  /** Seen, but lost to the log. */
  requests_unrecorded: 0,
  errors_connection: 0,
  errors_query: 0,
  errors_timeout: 0,
  errors_buffer_full: 0,
  /** Errored requests that are the consequence of an earlier difference in their transaction. */
  cascades: 0,
  /** Mirrored requests that are such a consequence: their parity says nothing and is not counted. */
  consequences: 0,
  /** The mirror's latency, over mirrored requests. */
  latency_sum_us: 0,
  latency_count: 0,
  latency_max_us: 0,
  consecutive_errors: 0,
  consecutive_successes: 0,
  ...PARITY_COUNTERS,
  ...SKIPPED_COUNTERS,
  ...DROPPED_COUNTERS,
};

export type StatsRow = typeof counters & {
  /** Microseconds since the Unix epoch; null: never. */
  last_success: number | null;
  last_error: number | null;
};

/** A row that has counted nothing yet. */
export function blankStatsRow(): StatsRow {
  return { ...counters, last_success: null, last_error: null };
}

/** Selected requests that have no outcome yet. A reset keeps them, so this holds at any time. */
export function inFlightOf(row: StatsRow): number {
  return row.requests_selected - row.requests_mirrored - row.requests_errored - row.requests_dropped;
}

/** Mirror errors of all types. */
export function errorsOf(row: StatsRow): number {
  return row.errors_connection + row.errors_query + row.errors_timeout + row.errors_buffer_full;
}

/** Mean latency of the mirror over these rows; null without a sample. */
export function meanLatencyMs(rows: readonly StatsRow[]): number | null {
  const sumUs = rows.reduce((sum, row) => sum + row.latency_sum_us, 0);
  const count = rows.reduce((sum, row) => sum + row.latency_count, 0);
  return count === 0 ? null : sumUs / count / 1000;
}

/**
 * Zeroes the counters and keeps the timestamps. What is in flight stays counted, as seen and as selected, so that the
 * law of conservation goes on holding; a reset therefore stands between batches, where the books balance.
 */
export function resetStatsRow(row: StatsRow): void {
  const inFlight = inFlightOf(row);
  Object.assign(row, counters, { requests_total: inFlight, requests_selected: inFlight });
}
