// Time under observation, of each mirroring. `min_observed` says how much of the minimum must be there, so that a restart
// of a second doesn't spoil a day.

import type { Criterion, Judgement } from "./criterion.ts";
import type { MirroringFacts, ReadinessFacts } from "./facts.ts";
import type { Needed } from "./needed.ts";
import type { Policy } from "./policy.ts";
import { hours, percent } from "./wording.ts";

function neededBy({ window, since }: ReadinessFacts, mirroring: MirroringFacts, requiredSeconds: number): Needed {
  const isTooShort = (window.to - window.from) / 1e6 < requiredSeconds;
  // The log goes further back than the window: a longer one may hold what is missing.
  const hasMore = mirroring.epoch === null && since !== null && since < window.from;
  if (isTooShort && hasMore) return { type: "window", seconds: requiredSeconds };
  return { type: "observation", seconds: requiredSeconds - mirroring.observedSeconds };
}

function judgeMirroring(facts: ReadinessFacts, one: MirroringFacts, minimumHours: number, share: number): Judgement {
  const { mirroring, observedSeconds } = one;
  const requiredSeconds = Math.round(minimumHours * 3600e6 * share) / 1e6;
  const actual = observedSeconds / 3600;
  const judged = { actual, threshold: minimumHours, badness: -actual, mirroring, database: null };
  if (observedSeconds >= requiredSeconds) {
    const detail = `Runtime ${hours(observedSeconds)} hours of ${minimumHours} hours, ${percent(share, 0)} of which are required`;
    return { ...judged, status: "pass", detail };
  }
  const detail = `Runtime ${hours(observedSeconds)} hours below minimum ${minimumHours} hours`;
  return { ...judged, status: "insufficient", detail, needed: neededBy(facts, one, requiredSeconds) };
}

const shareOf = ({ min_observed: share }: Policy): number => share ?? 1;

export const runtime: Criterion = {
  name: "runtime",
  setting: "mirror_min_runtime_hours",
  group: "runtime",
  judge: (facts, policy) => {
    const { mirror_min_runtime_hours: minimum } = policy;
    if (minimum === null) return [];
    return facts.mirrorings.map((each) => judgeMirroring(facts, each, minimum, shareOf(policy)));
  },
  absent: { status: "insufficient", detail: "No mirroring was observed" },
};
