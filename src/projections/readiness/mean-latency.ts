// The mirror's mean latency, over mirrored requests.

import { type Criterion, placeOf } from "./criterion.ts";
import { busyLanes } from "./lane-counts.ts";
import { ms } from "./wording.ts";

const NO_SAMPLE = "No latency of the mirror was measured";

export const meanLatency: Criterion = {
  name: "mean_latency",
  setting: "mirror_max_latency_ms",
  group: "latency",
  judge: (facts, { mirror_max_latency_ms: threshold }) =>
    threshold === null
      ? []
      : busyLanes(facts).map((lane) => {
          const about = { threshold, ...placeOf(lane) };
          if (lane.mirror === null) {
            return { ...about, status: "insufficient", actual: null, badness: 0, detail: NO_SAMPLE };
          }
          const actual = lane.mirror.meanMs;
          const isMet = actual <= threshold;
          const detail = `Average latency ${ms(actual)} ${isMet ? "within" : "exceeds"} threshold ${threshold} ms`;
          return { ...about, status: isMet ? "pass" : "fail", actual, badness: actual, detail };
        }),
  absent: { status: "insufficient", detail: NO_SAMPLE },
};
