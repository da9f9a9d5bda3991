// Requests without an error or a drop up to the window's end: a mirror that broke in the last minute is not ready, however
// good its rate is. They are counted over all databases of a mirroring, and a failure in any of them begins the count anew.

import { printable } from "../printable.ts";
import type { Criterion } from "./criterion.ts";
import { finishedOf } from "./lane-counts.ts";
import type { ReadinessFacts } from "./facts.ts";

/** Requests with an outcome for each second under observation; 0 when there was none. */
function finishedPerSecond({ mirrorings, lanes }: ReadinessFacts, mirroring: string): number {
  const seconds = mirrorings.find((each) => each.mirroring === mirroring)?.observedSeconds ?? 0;
  const own = lanes.filter((lane) => lane.mirroring === mirroring);
  const finished = own.reduce((sum, { counters }) => sum + finishedOf(counters), 0);
  return seconds > 0 ? finished / seconds : 0;
}

export const consecutiveSuccesses: Criterion = {
  name: "consecutive_successes",
  setting: "mirror_consecutive_success",
  group: "errors",
  judge: (facts, { mirror_consecutive_success: threshold }) =>
    threshold === null
      ? []
      : facts.chains.map(({ mirroring, successes: actual, brokenBy }) => {
          const judged = { actual, threshold, badness: -actual, mirroring, database: null };
          if (actual >= threshold) {
            return { ...judged, status: "pass", detail: `Consecutive successes ${actual} reach minimum ${threshold}` };
          }
          const needed = {
            type: "flawless",
            count: threshold - actual,
            perSecond: finishedPerSecond(facts, mirroring),
          } as const;
          const isOfOne = facts.lanes.filter((lane) => lane.mirroring === mirroring).length === 1;
          const last = brokenBy === null || isOfOne ? "" : `, the last failure was in database ${printable(brokenBy)}`;
          const detail = `Consecutive successes ${actual} below minimum ${threshold}${last}`;
          return { ...judged, status: "insufficient", detail, needed };
        }),
  absent: { status: "insufficient", detail: "No request has ended: there are no consecutive successes" },
};
