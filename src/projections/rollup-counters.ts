// What is counted of one lane over a span of time, however long: the counters of a rollup's row and of any window. Two
// spans that follow one another add up to one.

import type { EventOf } from "../events/event.ts";
import {
  ATTRIBUTION_COLUMN,
  DROPPED_COLUMN,
  DROPPED_COUNTERS,
  ERROR_COLUMN,
  PARITY_COLUMN,
  PARITY_COUNTERS,
  SKIPPED_COLUMN,
  SKIPPED_COUNTERS,
} from "./columns.ts";
import { parityOf } from "./outcome.ts";

const sums = {
  seen: 0,
  skipped: 0,
  selected: 0,
  mirrored: 0,
  errored: 0,
  dropped: 0,
  /** Seen, but lost to the log. */
  unrecorded: 0,
  ...SKIPPED_COUNTERS,
  ...DROPPED_COUNTERS,
  errors_connection: 0,
  errors_query: 0,
  errors_timeout: 0,
  attribution_compatibility: 0,
  attribution_data_drift: 0,
  attribution_ordering: 0,
  attribution_capacity: 0,
  attribution_plumbing: 0,
  attribution_timeout: 0,
  attribution_other: 0,
  /** Errored requests that are the consequence of an earlier difference in their transaction. */
  attribution_cascade: 0,
  /** Mirrored requests that are such a consequence: their parity says nothing and is not counted. */
  consequences: 0,
  ...PARITY_COUNTERS,
  /** Latencies are those of mirrored requests, so that both sides' belong to the same ones. */
  mirror_sum_us: 0,
  primary_sum_us: 0,
  wait_sum_us: 0,
};

const maxima = {
  mirror_max_us: 0,
  primary_max_us: 0,
  wait_max_us: 0,
  /** Of the last mirrored, and of the last errored or dropped request: microseconds since the Unix epoch; 0: none. */
  last_success: 0,
  last_failure: 0,
  /** The most requests that were in flight at once. */
  peak_in_flight: 0,
};

export type RollupCounters = typeof sums &
  typeof maxima & {
    /** Mirrored requests behind the last one that was errored or dropped. */
    consecutive_successes: number;
  };

/** Nothing was counted yet. */
export function blankRollupCounters(): RollupCounters {
  return { ...sums, ...maxima, consecutive_successes: 0 };
}

type Key<T> = Extract<keyof T, string>;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
const SUMS = Object.keys(sums) as Key<typeof sums>[];
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
const MAXIMA = Object.keys(maxima) as Key<typeof maxima>[];
/** What adds the rows of a table up, for each of ROLLUP_COUNTERS but the last: that depends on the order of the rows. */
export const ROLLUP_COUNTER_SUMS: readonly string[] = [
  ...SUMS.map((name) => `sum(${name})`),
  ...MAXIMA.map((name) => `max(${name})`),
];
export const ROLLUP_COUNTERS: readonly Key<RollupCounters>[] = [...SUMS, ...MAXIMA, "consecutive_successes"];

const COMMON: ReadonlySet<string> = new Set([
  "seen",
  "selected",
  "mirrored",
  "parity_match",
  "mirror_sum_us",
  "primary_sum_us",
  "wait_sum_us",
]);
/** Counters that are 0 in a span in which all went well. */
export const RARE_ROLLUP_COUNTERS: ReadonlySet<string> = new Set([
  ...SUMS.filter((name) => !COMMON.has(name)),
  "last_failure",
]);

/** Adds a span that comes behind all that `counters` has counted. */
export function mergeRollupCounters(counters: RollupCounters, later: RollupCounters): void {
  const hasFailed = later.errored + later.dropped > 0;
  const successes = hasFailed ? 0 : counters.consecutive_successes;
  for (const name of SUMS) {
    const count = later[name];
    // Of a short span most are 0, and reading is the cheaper half.
    if (count > 0) counters[name] += count;
  }
  for (const name of MAXIMA) if (later[name] > counters[name]) counters[name] = later[name];
  counters.consecutive_successes = successes + later.consecutive_successes;
}

/** An event that is about one lane's requests. */
export type LaneEvent = EventOf<"queued" | "mirrored" | "errored" | "dropped" | "tallied" | "skipped">;

/** Counts one event; what is in flight is not its matter. */
export function countEvent(counters: RollupCounters, event: LaneEvent): void {
  switch (event.kind) {
    case "tallied":
      counters.seen += event.seen;
      return;
    case "skipped":
      counters.skipped += event.count;
      counters[SKIPPED_COLUMN[event.reason]] += event.count;
      return;
    case "queued":
      counters.selected++;
      return;
    case "mirrored":
      countMirrored(counters, event);
      return;
    case "errored":
      counters.errored++;
      counters[ERROR_COLUMN[event.category]]++;
      counters[ATTRIBUTION_COLUMN[event.attribution]]++;
      if (parityOf(event) !== null) counters.parity_mirror_failed++;
      fail(counters, event.at);
      return;
    case "dropped":
      if (!event.wasQueued) counters.selected++;
      counters.dropped++;
      counters[DROPPED_COLUMN[event.reason]]++;
      fail(counters, event.at);
      return;
  }
}

function countMirrored(counters: RollupCounters, event: EventOf<"mirrored">): void {
  const { mirrorUs, primaryUs, waitUs } = event;
  counters.mirrored++;
  if (event.root !== null) counters.consequences++;
  else if (event.parity === "match") counters.parity_match++;
  else counters[PARITY_COLUMN[event.parity]]++;
  counters.mirror_sum_us += mirrorUs;
  counters.primary_sum_us += primaryUs;
  counters.wait_sum_us += waitUs;
  if (mirrorUs > counters.mirror_max_us) counters.mirror_max_us = mirrorUs;
  if (primaryUs > counters.primary_max_us) counters.primary_max_us = primaryUs;
  if (waitUs > counters.wait_max_us) counters.wait_max_us = waitUs;
  counters.last_success = event.at;
  counters.consecutive_successes++;
}

function fail(counters: RollupCounters, at: number): void {
  counters.consecutive_successes = 0;
  counters.last_failure = at;
}
