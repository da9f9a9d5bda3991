// Facts for readiness: a sound soak of 24 hours on one mirroring and database, of which a test changes what it is about.

import { readiness } from "../../../src/projections/readiness/readiness.ts";
import type { Readiness } from "../../../src/projections/readiness/readiness-schema.ts";
import type {
  ChainFacts,
  LaneFacts,
  LatencyFacts,
  MirroringFacts,
  ReadinessFacts,
  StatementFacts,
} from "../../../src/projections/readiness/facts.ts";
import { defaultPolicy, overridePolicy } from "../../../src/projections/readiness/policy.ts";
import { blankRollupCounters, type RollupCounters } from "../../../src/projections/rollup-counters.ts";

export const HOUR_US = 3_600_000_000;
export const FROM = 1_700_000_000_000_000;
export const TO = FROM + 24 * HOUR_US;
export const REQUESTS = 200_000;

export const latency = (change: Partial<LatencyFacts> = {}): LatencyFacts => {
  return { count: REQUESTS, meanMs: 2, p50Ms: 1.9, p95Ms: 2.8, p99Ms: 3, maxMs: 9, ...change };
};

type Counts = Partial<RollupCounters>;

/** Counters of so many requests that all went well, with some of them changed. */
export function countersOf(counts: Counts = {}): RollupCounters {
  const sound = { seen: REQUESTS, selected: REQUESTS, mirrored: REQUESTS, parity_match: REQUESTS };
  const all = { ...blankRollupCounters(), ...sound, ...counts };
  return { ...all, consecutive_successes: counts.consecutive_successes ?? all.mirrored };
}

export function laneOf(counts: Counts = {}, change: Partial<LaneFacts> = {}): LaneFacts {
  const counters = countersOf(counts);
  const both = counters.mirrored === 0 ? null : latency({ count: counters.mirrored });
  const name = { mirroring: "pg18", database: "app" };
  return { ...name, counters, residue: 0, mayWrite: true, mirror: both, primary: both, ...change };
}

export const mirroringOf = (change: Partial<MirroringFacts> = {}): MirroringFacts => ({
  mirroring: "pg18",
  evidenceFrom: FROM,
  epoch: null,
  observedSeconds: 24 * 3600,
  longestGap: null,
  isRecording: true,
  compare: "rows",
  ...change,
});

export const statementOf = (change: Partial<StatementFacts> = {}): StatementFacts => ({
  mirroring: "pg18",
  database: "app",
  fingerprint: "f1",
  text: "select $1",
  calls: 1000,
  errored: 0,
  dropped: 0,
  divergent: 0,
  executions: 1000,
  mirrorP95Ms: 3,
  primaryP95Ms: 3,
  errors: {},
  messages: {},
  ...change,
});

/** As if the lane that failed last were the one with the fewest successes since. */
function chainsOf(lanes: readonly LaneFacts[]): ChainFacts[] {
  const busy = lanes.filter(({ counters }) => counters.selected + counters.mirrored + counters.errored > 0);
  return [...Map.groupBy(busy, ({ mirroring }) => mirroring)].map(([mirroring, own]) => {
    const successes = Math.min(...own.map(({ counters }) => counters.consecutive_successes));
    return { mirroring, successes, brokenBy: null };
  });
}

export function factsOf(change: Partial<ReadinessFacts> = {}): ReadinessFacts {
  return {
    chains: chainsOf(change.lanes ?? [laneOf()]),
    window: { from: FROM, to: TO },
    since: FROM,
    covered: { from: FROM, to: TO },
    resolution: "exact",
    statementsResolution: "exact",
    statementsCovered: "all",
    unrecorded: 0,
    mirrorings: [mirroringOf()],
    lanes: [laneOf()],
    total: { mirror: latency(), primary: latency() },
    statements: [],
    ...change,
  };
}

/** The answer for these facts; settings as in a question. */
export function judged(change: Partial<ReadinessFacts> = {}, settings: Record<string, string> = {}): Readiness {
  return readiness(factsOf(change), overridePolicy(defaultPolicy(), Object.entries(settings)));
}

/** Every setting off. */
export const ALL_OFF: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(defaultPolicy()).map((name) => [name, "off"]),
);

export function criterionOf(answer: Readiness, name: string): Readiness["criteria"][number] {
  const found = answer.criteria.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no criterion ${name}`);
  return found;
}
