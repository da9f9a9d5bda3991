// Whether the books balance, and hold what they should. When they don't balance, pgsoak has miscounted, and nothing that
// it says about the mirror can be relied on; what it has lost may be the very requests that went wrong.

import { type Criterion, EVERYWHERE, type Judgement, placeOf } from "./criterion.ts";
import type { LaneFacts, ReadinessFacts } from "./facts.ts";
import { grouped, percents } from "./wording.ts";

/**
 * The share of the requests to be mirrored that may be lost to the log. As high as the strictest error rate that is usual:
 * if each of them had failed, few verdicts would differ.
 */
const LOST_SHARE_MAX = 0.001;

const BALANCED = { status: "pass", detail: "Every request is accounted for" } as const;

function unbalanced(lane: LaneFacts): Judgement {
  const actual = Math.abs(lane.residue);
  const detail = `${grouped(actual)} requests are unaccounted for: the counts cannot be relied on`;
  return { status: "insufficient", actual, threshold: 0, badness: actual, detail, ...placeOf(lane) };
}

type Place = Pick<Judgement, "mirroring" | "database">;

/** None where the share is small enough. A request that was lost counts as one that would have been selected. */
function lossesOf(unrecorded: number, selected: number, place: Place): Judgement[] {
  const actual = unrecorded === 0 ? 0 : unrecorded / (selected + unrecorded);
  if (actual <= LOST_SHARE_MAX) return [];
  const [share, limit] = percents(actual, LOST_SHARE_MAX);
  const detail = `${grouped(unrecorded)} requests, ${share} of those to be mirrored, were lost to the log, above threshold ${limit}`;
  const needed = {
    type: "other",
    sentence: `a window in which at most ${LOST_SHARE_MAX * 100}% of the requests are lost to the log`,
  } as const;
  return [{ status: "insufficient", actual, threshold: LOST_SHARE_MAX, badness: actual, detail, needed, ...place }];
}

/** Of each lane; of the window where no lane alone has lost too much, since some losses belong to no known lane. */
function losses({ lanes, unrecorded }: ReadinessFacts): Judgement[] {
  const own = lanes.flatMap((lane) => lossesOf(lane.counters.unrecorded, lane.counters.selected, placeOf(lane)));
  if (own.length > 0) return own;
  const selected = lanes.reduce((sum, { counters }) => sum + counters.selected, 0);
  return lossesOf(unrecorded, selected, EVERYWHERE);
}

export const accounting: Criterion = {
  name: "accounting",
  setting: null,
  group: null,
  judge: (facts) => {
    const broken = facts.lanes.filter(({ residue }) => residue !== 0);
    if (broken.length > 0) return broken.map(unbalanced);
    const lost = losses(facts);
    return lost.length > 0 ? lost : [{ ...BALANCED, actual: 0, threshold: 0, badness: 0, ...EVERYWHERE }];
  },
  absent: BALANCED,
};
