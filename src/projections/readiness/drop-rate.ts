// Requests that were given up, in all that were selected: the mirror, or the way to it, could not keep up.

import { type Criterion, placeOf } from "./criterion.ts";
import { busyLanes } from "./lane-counts.ts";
import { percents } from "./wording.ts";

export const dropRate: Criterion = {
  name: "drop_rate",
  setting: "max_drop_rate",
  group: "drops",
  judge: (facts, { max_drop_rate: threshold }) =>
    threshold === null
      ? []
      : busyLanes(facts).map((lane) => {
          const { dropped, selected } = lane.counters;
          // Requests that were selected before the window may end in it.
          const actual = dropped === 0 ? 0 : Math.min(1, dropped / selected);
          const isMet = actual <= threshold;
          const detail = `Drop rate ${percents(actual, threshold).join(isMet ? " within threshold " : " exceeds threshold ")}`;
          return { status: isMet ? "pass" : "fail", actual, threshold, badness: actual, detail, ...placeOf(lane) };
        }),
  absent: { status: "insufficient", detail: "No request was selected: there is no drop rate" },
};
