// Requests without an error or a drop up to the window's end: a mirror that broke in the last minute is not ready, however
// good its rate is.

import { type Criterion, placeOf } from "./criterion.ts";
import { busyLanes, finishedPerSecond } from "./lane-counts.ts";

export const consecutiveSuccesses: Criterion = {
  name: "consecutive_successes",
  setting: "mirror_consecutive_success",
  group: "errors",
  judge: (facts, { mirror_consecutive_success: threshold }) =>
    threshold === null
      ? []
      : busyLanes(facts).map((lane) => {
          const actual = lane.counters.consecutive_successes;
          const judged = { actual, threshold, badness: -actual, ...placeOf(lane) };
          if (actual >= threshold) {
            return { ...judged, status: "pass", detail: `Consecutive successes ${actual} reach minimum ${threshold}` };
          }
          const needed = {
            type: "flawless",
            count: threshold - actual,
            perSecond: finishedPerSecond(facts, lane),
          } as const;
          const detail = `Consecutive successes ${actual} below minimum ${threshold}`;
          return { ...judged, status: "insufficient", detail, needed };
        }),
  absent: { status: "insufficient", detail: "No request has ended: there are no consecutive successes" },
};
