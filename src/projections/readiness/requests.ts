// Requests that were selected for a mirroring, over all of its databases.

import type { Criterion } from "./criterion.ts";

export const requests: Criterion = {
  name: "requests",
  setting: "mirror_min_requests",
  group: "requests",
  judge: ({ mirrorings, lanes }, { mirror_min_requests: threshold }) =>
    threshold === null
      ? []
      : mirrorings.map(({ mirroring, observedSeconds }) => {
          const own = lanes.filter((lane) => lane.mirroring === mirroring);
          const actual = own.reduce((sum, { counters }) => sum + counters.selected, 0);
          const judged = { actual, threshold, badness: -actual, mirroring, database: null };
          if (actual >= threshold) {
            return { ...judged, status: "pass", detail: `Total requests ${actual} reach minimum ${threshold}` };
          }
          const perSecond = observedSeconds > 0 ? actual / observedSeconds : 0;
          const needed = { type: "requests", count: threshold - actual, perSecond } as const;
          return {
            ...judged,
            status: "insufficient",
            detail: `Total requests ${actual} below minimum ${threshold}`,
            needed,
          };
        }),
  absent: { status: "insufficient", detail: "No request was selected" },
};
