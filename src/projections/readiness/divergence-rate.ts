// Answers that differ, in all that could be compared. Where writes were skipped, the mirror's data drifts: then a difference
// proves nothing about the server.

import { type Criterion, type Judgement, placeOf } from "./criterion.ts";
import type { LaneFacts } from "./facts.ts";
import { busyLanes, comparedOf, divergencesOf, missesWrites, exposureOf } from "./lane-counts.ts";
import { missedBecause } from "./missed.ts";
import { percents, shareDown } from "./wording.ts";

const NOTHING_COMPARED = "No result could be compared: there is no divergence rate";

function judgeLane(lane: LaneFacts, threshold: number): Judgement {
  const compared = comparedOf(lane.counters);
  const about = { threshold, ...placeOf(lane) };
  if (compared === 0) return { ...about, status: "insufficient", actual: null, badness: 0, detail: NOTHING_COMPARED };
  const actual = divergencesOf(lane.counters) / compared;
  const judged = { ...about, actual, badness: actual };
  const [shown, shownThreshold] = percents(actual, threshold);
  if (actual <= threshold) {
    return { ...judged, status: "pass", detail: `Divergence rate ${shown} within threshold ${shownThreshold}` };
  }
  const detail = `Divergence rate ${shown} exceeds threshold ${shownThreshold}`;
  if (!missesWrites(lane)) return { ...judged, status: "fail", detail };
  const share = shareDown(exposureOf([lane]) ?? 0);
  return {
    ...judged,
    status: "insufficient",
    detail: `${detail}, but with exposure ${share} and writes the mirror's data drifts: ${missedBecause([lane]).join(", ")}`,
    needed: {
      type: "other",
      sentence: "evidence with nothing skipped (mirror_exposure = 1.0) on a fresh copy of the data",
    },
  };
}

export const divergenceRate: Criterion = {
  name: "divergence_rate",
  setting: "max_divergence_rate",
  group: "divergence",
  judge: (facts, { max_divergence_rate: threshold }) =>
    threshold === null ? [] : busyLanes(facts).map((lane) => judgeLane(lane, threshold)),
  absent: { status: "insufficient", detail: NOTHING_COMPARED },
};
