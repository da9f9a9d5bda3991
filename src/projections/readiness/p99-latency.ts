// Whether the mirror's slowest requests are out of all proportion: p99 must be below twice the mean. Most sound servers
// break this rule now and then, so by default it is advice.

import { type Criterion, placeOf } from "./criterion.ts";
import { busyLanes } from "./lane-counts.ts";
import { ms } from "./wording.ts";

const MEANS = 2;

export const p99Latency: Criterion = {
  name: "p99_latency",
  setting: "mirror_p99_rule",
  group: "latency",
  judge: (facts, { mirror_p99_rule: rule }) =>
    busyLanes(facts).flatMap((lane) => {
      if (lane.mirror === null) return [];
      const { p99Ms: actual, meanMs } = lane.mirror;
      const threshold = MEANS * meanMs;
      // A mean of 0 is a latency that the clock can't see.
      const isMet = actual < threshold || threshold === 0;
      const detail = `p99 latency ${ms(actual)} ${isMet ? "below" : "not below"} twice the mean, ${ms(threshold)}`;
      const badness = threshold === 0 ? 0 : actual / threshold;
      const failed = rule === "fail" ? "fail" : "warn";
      return [{ status: isMet ? "pass" : failed, actual, threshold, badness, detail, ...placeOf(lane) }];
    }),
  // The mean latency speaks of the missing samples.
  absent: { status: "pass", detail: "p99 latency cannot be evaluated: none was measured" },
};
