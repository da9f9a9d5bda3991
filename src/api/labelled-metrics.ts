// The labelled metrics of each mirroring × database (labels cluster and database). Their counters come from the balances
// that no reset touches, all of one committed snapshot: rate() works, and the law of conservation holds in every scrape.

import type { Parity } from "../events/event.ts";
import { ERROR_COLUMN, ERROR_TYPES, PARITY_COLUMN } from "../projections/columns.ts";
import { residueOf } from "../projections/conservation.ts";
import type { Timed } from "../projections/latency-totals.ts";
import type { LaneStats, StatsSnapshot } from "../projections/read-stats.ts";
import { histogramSamples } from "./histogram-samples.ts";
import type { MetricFamily, MetricSample, MetricType } from "./metrics-text.ts";

/** What counts as a divergence: `mirror_failed` is a failure, and where both failed alike they agree. */
const DIVERGENCES = [
  "different_rows",
  "different_content",
  "different_error",
  "primary_failed",
] as const satisfies Parity[];
const STATUSES = ["skipped", "mirrored", "errored", "dropped"] as const;

const labelsOf = ({ mirroring, database }: LaneStats): Record<string, string> => ({ cluster: mirroring, database });

/** Mirrored ÷ finished since the log began; null where nothing is finished: no evidence is not a success. */
function successRate({ balance: { mirrored, errored, dropped } }: LaneStats): number | null {
  const finished = mirrored + errored + dropped;
  return finished === 0 ? null : mirrored / finished;
}

const seconds = (us: number | null): number | null => (us === null ? null : us / 1e6);

/** The families of `snapshot`; `prefix` is metrics_prefix. */
export function labelledMetrics(prefix: string, { lanes }: StatsSnapshot): MetricFamily[] {
  const family = (name: string, type: MetricType, help: string, samples: MetricSample[]): MetricFamily => ({
    name: `${prefix}_${name}`,
    type,
    help,
    samples,
  });
  /** One sample a lane; none where the value is null. */
  const perLane = (name: string, type: MetricType, help: string, valueOf: (lane: LaneStats) => number | null) =>
    family(
      name,
      type,
      help,
      lanes.flatMap((lane) => {
        const value = valueOf(lane);
        return value === null ? [] : [{ labels: labelsOf(lane), value }];
      }),
    );
  /** One sample a lane and value of the label. */
  const perLaneAnd = <Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
    valueOf: (lane: LaneStats, value: Value) => number,
  ) =>
    family(
      name,
      "counter",
      help,
      lanes.flatMap((lane) =>
        values.map((value) => ({ labels: { ...labelsOf(lane), [label]: value }, value: valueOf(lane, value) })),
      ),
    );
  const histogram = (name: string, help: string, timed: Timed) =>
    family(
      name,
      "histogram",
      help,
      lanes.flatMap((lane) => histogramSamples(labelsOf(lane), lane.latencies[timed])),
    );

  return [
    perLane("mirror_seen_total", "counter", "Requests that clients sent.", ({ balance }) => balance.seen),
    perLane(
      "mirror_selected_total",
      "counter",
      "Requests that sampling and filters let through to the mirror.",
      ({ balance }) => balance.selected,
    ),
    perLane("mirror_in_flight", "gauge", "Selected requests without an outcome yet.", ({ inFlight }) => inFlight),
    perLaneAnd(
      "mirror_requests_total",
      "Requests by what became of them; those in flight are in none.",
      "status",
      STATUSES,
      ({ balance }, status) => balance[status],
    ),
    perLaneAnd(
      "mirror_failures_total",
      "Mirror errors by type; a buffer_full is a dropped request, the others are errored ones.",
      "error_type",
      ERROR_TYPES,
      ({ balance }, type) => balance[ERROR_COLUMN[type]],
    ),
    perLaneAnd(
      "mirror_divergences_total",
      "Requests that both sides answered, but differently.",
      "parity",
      DIVERGENCES,
      ({ balance }, parity) => balance[PARITY_COLUMN[parity]],
    ),
    histogram("mirror_latency_seconds", "Latency of the mirror, of mirrored requests, in seconds.", "mirror"),
    histogram("primary_latency_seconds", "Latency of the primary, of mirrored requests, in seconds.", "primary"),
    histogram(
      "mirror_queue_wait_seconds",
      "Time that mirrored requests waited in the mirror queue, in seconds.",
      "wait",
    ),
    perLane(
      "mirror_success_rate",
      "gauge",
      "Mirrored requests / finished requests since the log began, 0 to 1.",
      successRate,
    ),
    perLane(
      "mirror_last_success_timestamp",
      "gauge",
      "Time of the last mirrored request, seconds since the Unix epoch.",
      ({ stats }) => seconds(stats.last_success),
    ),
    perLane(
      "mirror_last_failure_timestamp",
      "gauge",
      "Time of the last mirror error, seconds since the Unix epoch.",
      ({ stats }) => seconds(stats.last_error),
    ),
    perLane(
      "mirror_unaccounted_requests",
      "gauge",
      "Requests that the books cannot explain; anything but 0 is a defect.",
      ({ balance, inFlight }) => residueOf(balance, inFlight),
    ),
  ];
}
