// How each mirroring is doing right now: its longest row of errors, whether it has succeeded, and its latencies, all since its
// counters began.

import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";

export interface Streak {
  readonly mirroring: string;
  /** The most of its databases. */
  readonly consecutiveErrors: number;
  readonly hasSucceeded: boolean;
  readonly latencySumUs: number;
  readonly latencyCount: number;
}

type Row = readonly [
  mirroring: string,
  consecutiveErrors: number,
  consecutiveSuccesses: number,
  latencySumUs: number,
  latencyCount: number,
];

/** One entry for each mirroring that had traffic. One read transaction. Throws rebuilding. */
export function readStreaks(reader: LogReader): Streak[] {
  const select = reader.prepareRaw<[], Row>(
    `select mirroring, max(consecutive_errors), max(consecutive_successes), sum(latency_sum_us), sum(latency_count)
     from mirror_stats join lane on lane.id = mirror_stats.lane group by mirroring`,
  );
  const read = reader.db.transaction((): Row[] => {
    requireWhole(reader.db, ["mirror_stats"]);
    return select.all();
  });
  return read().map(([mirroring, consecutiveErrors, successes, latencySumUs, latencyCount]) => {
    return { mirroring, consecutiveErrors, hasSucceeded: successes > 0, latencySumUs, latencyCount };
  });
}
