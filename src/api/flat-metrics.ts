// The flat metrics: the names of the source design, so that its dashboards and alerts work unchanged. They follow
// MirrorStats, and so begin anew with a reset. A name that OpenMetrics would only take as a counter with another suffix
// is of unknown type in both formats.

import type { StatsSnapshot } from "../projections/read-stats.ts";
import { errorsOf, meanLatencyMs, type StatsRow } from "../projections/stats-row.ts";
import type { LiveMirroring } from "./live-status.ts";
import type { MetricFamily, MetricType } from "./metrics-text.ts";

export interface FlatMetricsSource {
  readonly snapshot: StatsSnapshot;
  readonly mirrorings: readonly LiveMirroring[];
  /** Microseconds since the Unix epoch. */
  readonly nowUs: number;
}

const sum = <Item>(items: readonly Item[], valueOf: (item: Item) => number): number =>
  items.reduce((total, item) => total + valueOf(item), 0);

/** Full queues in percent; 0 without any queue. */
function utilization(mirrorings: readonly LiveMirroring[]): number {
  const slots = sum(mirrorings, ({ queueSlots }) => queueSlots);
  const depth = sum(mirrorings, ({ queueDepth }) => queueDepth);
  return slots === 0 ? 0 : (100 * depth) / slots;
}

/** Never succeeded yet: since the log began. A wall clock that was set back gives 0, not a negative age. */
function lastSuccessSecondsAgo({ snapshot, nowUs }: FlatMetricsSource): number {
  const from = snapshot.total.last_success ?? snapshot.since ?? nowUs;
  return Math.max(0, (nowUs - from) / 1e6);
}

function single(name: string, type: MetricType, help: string, value: number): MetricFamily {
  return { name, type, help, samples: [{ labels: {}, value }] };
}

/** The families of the flat set. */
export function flatMetrics(source: FlatMetricsSource): MetricFamily[] {
  const { snapshot, mirrorings } = source;
  const { total } = snapshot;
  const databases = Map.groupBy(snapshot.lanes, ({ database }) => database);
  const perDatabase = (name: string, type: MetricType, help: string, valueOf: (rows: StatsRow[]) => number) => ({
    name,
    type,
    help,
    samples: [...databases].map(([database, lanes]) => ({
      labels: { database },
      value: valueOf(lanes.map(({ stats }) => stats)),
    })),
  });

  return [
    single(
      "mirror_requests_total",
      "counter",
      "Requests that clients sent, since the last reset.",
      total.requests_total,
    ),
    single("mirror_requests_mirrored", "unknown", "Requests that the mirror finished.", total.requests_mirrored),
    single("mirror_requests_dropped", "unknown", "Requests that were given up.", total.requests_dropped),
    single("mirror_errors_connection", "unknown", "Connection errors of the mirror.", total.errors_connection),
    single("mirror_errors_query", "unknown", "Queries that failed on the mirror alone.", total.errors_query),
    single("mirror_errors_timeout", "unknown", "Requests that took the mirror too long.", total.errors_timeout),
    single("mirror_errors_buffer_full", "unknown", "Requests that found the queue full.", total.errors_buffer_full),
    single("mirror_errors_total", "counter", "Mirror errors of all types.", errorsOf(total)),
    single(
      "mirror_latency_avg_ms",
      "gauge",
      "Mean latency of the mirror in milliseconds, 0 without a sample.",
      meanLatencyMs([total]) ?? 0,
    ),
    single(
      "mirror_latency_max_ms",
      "gauge",
      "Longest latency of the mirror in milliseconds.",
      total.latency_max_us / 1e3,
    ),
    single("mirror_consecutive_errors", "gauge", "Mirror errors since the last success.", total.consecutive_errors),
    single(
      "mirror_last_success_seconds_ago",
      "gauge",
      "Seconds since the last mirrored request, or since the log began.",
      lastSuccessSecondsAgo(source),
    ),
    single(
      "mirror_buffer_utilization",
      "gauge",
      "Queued requests in percent of the queues' room.",
      utilization(mirrorings),
    ),
    perDatabase("mirror_database_requests", "unknown", "Requests by database.", (rows) =>
      sum(rows, (row) => row.requests_total),
    ),
    perDatabase("mirror_database_errors", "unknown", "Mirror errors by database.", (rows) => sum(rows, errorsOf)),
    perDatabase(
      "mirror_database_latency_ms",
      "gauge",
      "Mean latency of the mirror in milliseconds by database.",
      (rows) => meanLatencyMs(rows) ?? 0,
    ),
  ];
}
