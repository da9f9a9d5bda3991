// MirrorStats as JSON: the answer of GET /stats and of `pgsoak stats --json`. Latencies are in milliseconds, moments
// are RFC 3339 or null for never.

import { z } from "zod";
import { DROP_REASONS, PARITIES, SKIP_REASONS } from "../events/event.ts";
import { DROPPED_COLUMN, PARITY_COLUMN, SKIPPED_COLUMN } from "./columns.ts";
import { pickColumns } from "./pick-columns.ts";
import type { StatsSnapshot } from "./read-stats.ts";
import { formatMoment } from "./rfc3339.ts";
import { inFlightOf, meanLatencyMs, type StatsRow } from "./stats-row.ts";

const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const moment = z.iso.datetime().nullable();

const countersSchema = z.object({
  requests_total: count,
  requests_selected: count,
  requests_mirrored: count,
  requests_errored: count,
  requests_dropped: count,
  requests_skipped: count,
  requests_unrecorded: count,
  requests_in_flight: count,
  errors_connection: count,
  errors_query: count,
  errors_timeout: count,
  errors_buffer_full: count,
  cascades: count,
  consequences: count,
  latency_sum_ms: ms,
  latency_count: count,
  latency_avg_ms: ms.nullable(),
  latency_max_ms: ms,
  last_success: moment,
  last_error: moment,
  consecutive_errors: count,
  consecutive_successes: count,
  parity: z.record(z.enum(PARITIES), count),
  skipped: z.record(z.enum(SKIP_REASONS), count),
  dropped: z.record(z.enum(DROP_REASONS), count),
});

export const statsJsonSchema = z.object({
  total: countersSchema,
  mirrorings: z.array(z.object({ mirroring: z.string(), database: z.string(), ...countersSchema.shape })),
});

export type StatsJson = z.infer<typeof statsJsonSchema>;

const orNull = (us: number | null): string | null => (us === null ? null : formatMoment(us));

function countersJson(row: StatsRow): z.infer<typeof countersSchema> {
  return {
    requests_total: row.requests_total,
    requests_selected: row.requests_selected,
    requests_mirrored: row.requests_mirrored,
    requests_errored: row.requests_errored,
    requests_dropped: row.requests_dropped,
    requests_skipped: row.requests_skipped,
    requests_unrecorded: row.requests_unrecorded,
    requests_in_flight: inFlightOf(row),
    errors_connection: row.errors_connection,
    errors_query: row.errors_query,
    errors_timeout: row.errors_timeout,
    errors_buffer_full: row.errors_buffer_full,
    cascades: row.cascades,
    consequences: row.consequences,
    latency_sum_ms: row.latency_sum_us / 1000,
    latency_count: row.latency_count,
    latency_avg_ms: meanLatencyMs([row]),
    latency_max_ms: row.latency_max_us / 1000,
    last_success: orNull(row.last_success),
    last_error: orNull(row.last_error),
    consecutive_errors: row.consecutive_errors,
    consecutive_successes: row.consecutive_successes,
    parity: pickColumns(row, PARITY_COLUMN),
    skipped: pickColumns(row, SKIPPED_COLUMN),
    dropped: pickColumns(row, DROPPED_COLUMN),
  };
}

/** The whole answer; a total of zeroes for an empty log. */
export function statsJson({ total, lanes }: StatsSnapshot): StatsJson {
  return {
    total: countersJson(total),
    mirrorings: lanes.map(({ mirroring, database, stats }) => ({ mirroring, database, ...countersJson(stats) })),
  };
}
