// Answers that differ, in all that could be compared. Where writes were skipped, the mirror's data drifts: then a difference
// proves nothing about the server. Where much could not be compared, that the rest agrees proves little.

import { type Criterion, type Judgement, placeOf } from "./criterion.ts";
import type { LaneFacts, MirroringFacts, ReadinessFacts } from "./facts.ts";
import { busyLanes, comparedOf, divergencesOf, missesWrites, exposureOf } from "./lane-counts.ts";
import { missedBecause } from "./missed.ts";
import { percents, shareDown } from "./wording.ts";

const NOTHING_COMPARED = "No result could be compared: there is no divergence rate";

/** Beyond this share of a lane's results that could not be compared agreement is doubtful. */
const UNVERIFIABLE_MAX = 0.05;
/** Where it isn't known whether statements without a comparable answer are to be expected, the most of it. */
const UNVERIFIABLE_MOST = 0.5;

/** The most that may be unverifiable before nothing is shown. Contents of volatile statements can't be compared by nature. */
function unverifiableMost(compare: MirroringFacts["compare"]): number {
  if (compare === null) return UNVERIFIABLE_MOST;
  return compare === "content" ? 1 : UNVERIFIABLE_MAX;
}

/** What is said of a lane whose compared results agree, when too many others could not be compared; else null. */
function doubt({ counters }: LaneFacts, compare: MirroringFacts["compare"]) {
  // What follows in its transaction was compared as little: with the root alone most of the traffic could hide.
  const unverifiable = counters.parity_unverifiable + counters.consequences;
  const share = counters.mirrored === 0 ? 0 : unverifiable / counters.mirrored;
  if (share <= UNVERIFIABLE_MAX) return null;
  const [shown, most] = percents(share, UNVERIFIABLE_MAX);
  const about = { badness: share, detail: `${shown} of the results could not be compared, more than ${most}` };
  if (share <= unverifiableMost(compare)) return { ...about, status: "warn" } as const;
  const sentence = "results that can be compared: pgsoak_mirror_sessions_incomplete counts the sessions without";
  return { ...about, status: "insufficient", needed: { type: "other", sentence } } as const;
}

function judgeLane(lane: LaneFacts, threshold: number, compare: MirroringFacts["compare"]): Judgement {
  const compared = comparedOf(lane.counters);
  const about = { threshold, ...placeOf(lane) };
  if (compared === 0) return { ...about, status: "insufficient", actual: null, badness: 0, detail: NOTHING_COMPARED };
  const actual = divergencesOf(lane.counters) / compared;
  const judged = { ...about, actual, badness: actual };
  const [shown, shownThreshold] = percents(actual, threshold);
  if (actual <= threshold) {
    const detail = `Divergence rate ${shown} within threshold ${shownThreshold}`;
    return { ...judged, status: "pass", detail, ...doubt(lane, compare) };
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

const compareOf = ({ mirrorings }: ReadinessFacts, name: string): MirroringFacts["compare"] =>
  mirrorings.find(({ mirroring }) => mirroring === name)?.compare ?? null;

export const divergenceRate: Criterion = {
  name: "divergence_rate",
  setting: "max_divergence_rate",
  group: "divergence",
  judge: (facts, { max_divergence_rate: threshold }) =>
    threshold === null
      ? []
      : busyLanes(facts).map((lane) => judgeLane(lane, threshold, compareOf(facts, lane.mirroring))),
  absent: { status: "insufficient", detail: NOTHING_COMPARED },
};
