// Errors and drops in all requests that ended. Above the threshold the mirror fails; below it the evidence must also be
// enough to say so: the upper bound of the rate must not be above it either.

import { flawlessNeeded, upperBound } from "./bounds.ts";
import { type Criterion, type Judgement, placeOf } from "./criterion.ts";
import type { LaneFacts, ReadinessFacts } from "./facts.ts";
import { busyLanes, missesWrites, failuresOf, finishedOf, finishedPerSecond } from "./lane-counts.ts";
import { missedBecause } from "./missed.ts";
import type { Needed } from "./needed.ts";
import { percent, percents } from "./wording.ts";

function judgeLane(facts: ReadinessFacts, lane: LaneFacts, threshold: number): Judgement {
  const [failures, finished] = [failuresOf(lane.counters), finishedOf(lane.counters)];
  const bound = upperBound(failures, finished);
  const about = { threshold, ...placeOf(lane) };
  if (bound === null) {
    return {
      ...about,
      status: "insufficient",
      actual: null,
      badness: 2,
      detail: "No request has ended: there is no error rate",
    };
  }
  const rate = failures / finished;
  const judged = { ...about, actual: rate, badness: bound };
  if (rate > threshold) {
    const [shownRate, shownThreshold] = percents(rate, threshold);
    const detail = `Error rate ${shownRate} exceeds threshold ${shownThreshold}`;
    const withoutDrift = (failures - lane.counters.attribution_data_drift) / finished;
    if (withoutDrift > threshold || !missesWrites(lane)) return { ...judged, status: "fail", badness: rate, detail };
    const cause = `only through errors of drifted data, since writes were missed: ${missedBecause([lane]).join(", ")}`;
    return { ...judged, status: "insufficient", detail: `${detail}, ${cause}`, needed: FULL_EXPOSURE };
  }
  if (bound > threshold) {
    const [shownBound, shownThreshold] = percents(bound, threshold);
    const detail = `Error rate ${percent(rate)} may be as high as ${shownBound} (95% upper bound), above threshold ${shownThreshold}`;
    return { ...judged, status: "insufficient", detail, needed: neededBy(facts, lane, threshold) };
  }
  return { ...judged, status: "pass", detail: `Error rate ${percents(rate, threshold).join(" within threshold ")}` };
}

const FULL_EXPOSURE: Needed = {
  type: "other",
  sentence: "evidence with nothing skipped (mirror_exposure = 1.0) on a fresh copy of the data",
};

function neededBy(facts: ReadinessFacts, lane: LaneFacts, threshold: number): Needed {
  const count = flawlessNeeded(failuresOf(lane.counters), finishedOf(lane.counters), threshold);
  if (count === null)
    return { type: "other", sentence: `no number of requests can show an error rate of ${threshold}` };
  return { type: "flawless", count, perSecond: finishedPerSecond(facts, lane) };
}

export const errorRate: Criterion = {
  name: "error_rate",
  setting: "mirror_max_error_rate",
  group: "errors",
  judge: (facts, { mirror_max_error_rate: threshold }) =>
    threshold === null ? [] : busyLanes(facts).map((lane) => judgeLane(facts, lane, threshold)),
  absent: { status: "insufficient", detail: "No request has ended: there is no error rate" },
};
