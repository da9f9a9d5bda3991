// The numbers beside the verdict: over all lanes, for each mirroring, for each lane, and of the worst statements.

import { ATTRIBUTION_COLUMN, DROPPED_COLUMN, PARITY_COLUMN, SKIPPED_COLUMN } from "../columns.ts";
import { formatMoment } from "../rfc3339.ts";
import { blankRollupCounters, mergeRollupCounters, type RollupCounters } from "../rollup-counters.ts";
import type {
  BothLatencies,
  LaneFacts,
  LatencyFacts,
  MirroringFacts,
  ReadinessFacts,
  StatementFacts,
} from "./facts.ts";
import { comparedOf, divergencesOf, exposureOf, failuresOf, finishedOf } from "./lane-counts.ts";
import { slowerStatements } from "./latency-ratio.ts";
import type { Policy } from "./policy.ts";
import type { ReadinessMetrics } from "./readiness-schema.ts";

const STATEMENTS_MAX = 10;

/** Null where there is nothing to divide by: no evidence is neither good nor bad. */
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

function pick<Name extends string>(
  counters: RollupCounters,
  columns: Readonly<Record<Name, keyof RollupCounters>>,
): Record<Name, number>;
function pick(
  counters: RollupCounters,
  columns: Readonly<Record<string, keyof RollupCounters>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, counters[column]]));
}

function latencyJson(latency: LatencyFacts | null) {
  if (latency === null) return null;
  const { meanMs, p50Ms, p95Ms, p99Ms, maxMs } = latency;
  return { avg_ms: meanMs, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms, max_ms: maxMs };
}

const latenciesJson = ({ mirror, primary }: BothLatencies) => {
  return { mirror: latencyJson(mirror), primary: latencyJson(primary) };
};

function ratesOf(counters: LaneFacts["counters"]) {
  const finished = finishedOf(counters);
  return {
    error_rate: ratio(failuresOf(counters), finished),
    success_rate: ratio(counters.mirrored, finished),
    divergence_rate: ratio(divergencesOf(counters), comparedOf(counters)),
  };
}

function mirroringJson(one: MirroringFacts, { window, lanes }: ReadinessFacts): ReadinessMetrics["mirrorings"][number] {
  const own = lanes.filter(({ mirroring }) => mirroring === one.mirroring);
  const { epoch, longestGap: gap } = one;
  return {
    mirroring: one.mirroring,
    evidence_from: formatMoment(one.evidenceFrom),
    epoch: epoch === null ? null : { ...epoch, at: formatMoment(epoch.at) },
    observed_hours: one.observedSeconds / 3600,
    observed_share: (one.observedSeconds * 1e6) / (window.to - window.from),
    longest_gap:
      gap === null
        ? null
        : {
            from: formatMoment(gap.from),
            to: formatMoment(gap.to),
            seconds: (gap.to - gap.from) / 1e6,
            cause: gap.cause,
          },
    total_requests: own.reduce((sum, { counters }) => sum + counters.selected, 0),
    exposure: exposureOf(own),
  };
}

function laneJson(lane: LaneFacts): ReadinessMetrics["databases"][number] {
  const { mirroring, database, counters } = lane;
  return {
    mirroring,
    database,
    ...ratesOf(counters),
    total_requests: counters.selected,
    consecutive_successes: counters.consecutive_successes,
    latency: latenciesJson(lane),
  };
}

const problems = (each: StatementFacts): number => each.errored + each.dropped + each.divergent;

function worstStatements({ statements }: ReadinessFacts, { max_latency_ratio: threshold }: Policy) {
  const slower = slowerStatements(statements, threshold);
  return statements
    .filter((each) => problems(each) > 0 || slower.has(each))
    .sort((a, b) => problems(b) - problems(a) || b.calls - a.calls || (a.fingerprint < b.fingerprint ? -1 : 1))
    .slice(0, STATEMENTS_MAX)
    .map((each): ReadinessMetrics["worst_statements"][number] => ({
      mirroring: each.mirroring,
      database: each.database,
      fingerprint: each.fingerprint,
      statement: each.text,
      calls: each.calls,
      errored: each.errored,
      dropped: each.dropped,
      divergent: each.divergent,
      mirror_p95_ms: each.mirrorP95Ms,
      primary_p95_ms: each.primaryP95Ms,
      errors: each.errors,
    }));
}

/** 0 where there is none: nothing was observed. */
const smallest = (values: readonly number[]): number => (values.length === 0 ? 0 : Math.min(...values));

export function readinessMetrics(facts: ReadinessFacts, policy: Policy): ReadinessMetrics {
  const counters = blankRollupCounters();
  for (const lane of facts.lanes) mergeRollupCounters(counters, lane.counters);
  const mirrorings = facts.mirrorings.map((each) => mirroringJson(each, facts));
  const { seen, skipped, selected, mirrored, errored, dropped } = counters;
  return {
    ...ratesOf(counters),
    drop_rate: ratio(dropped, selected),
    latency: latenciesJson(facts.total),
    observed_hours: smallest(mirrorings.map((each) => each.observed_hours)),
    observed_share: smallest(mirrorings.map((each) => each.observed_share)),
    total_requests: selected,
    consecutive_successes: smallest(facts.chains.map(({ successes }) => successes)),
    requests: { seen, skipped, selected, mirrored, errored, dropped, unrecorded: facts.unrecorded },
    cascades: counters.attribution_cascade,
    errors: {
      connection: counters.errors_connection,
      query: counters.errors_query,
      timeout: counters.errors_timeout,
      buffer_full: counters.dropped_buffer_full,
    },
    attribution: pick(counters, ATTRIBUTION_COLUMN),
    parity: pick(counters, PARITY_COLUMN),
    dropped: pick(counters, DROPPED_COLUMN),
    skipped: pick(counters, SKIPPED_COLUMN),
    unaccounted: facts.lanes.reduce((sum, { residue }) => sum + Math.abs(residue), 0),
    mirrorings,
    databases: facts.lanes.map(laneJson),
    worst_statements: worstStatements(facts, policy),
  };
}
