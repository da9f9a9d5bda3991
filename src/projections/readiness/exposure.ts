// The share of the traffic that was mirrored. A sample tells of errors, but can't vouch for capacity.

import type { Criterion, Judgement } from "./criterion.ts";
import type { LaneFacts } from "./facts.ts";
import { exposureOf } from "./lane-counts.ts";
import { missedBecause, missedOf } from "./missed.ts";
import { shareDown } from "./wording.ts";

const Z = 1.645;

/** How far a sample of this size may fall short of its share by chance. */
const chance = (share: number, requests: number): number => Z * Math.sqrt((share * (1 - share)) / requests);

function judgeMirroring(mirroring: string, lanes: readonly LaneFacts[], threshold: number): Judgement[] {
  const actual = exposureOf(lanes);
  if (actual === null) return [];
  const judged = { actual, threshold, badness: -actual, mirroring, database: null };
  const requests = lanes.reduce((sum, { counters }) => sum + counters.selected + missedOf(counters), 0);
  if (actual >= threshold - chance(threshold, requests)) {
    const detail = `Exposure ${actual.toFixed(2)} reaches minimum ${threshold.toFixed(2)}`;
    return [{ ...judged, status: "pass", detail }];
  }
  const why = missedBecause(lanes).join(", ");
  const detail = `Exposure ${shareDown(actual)} below minimum ${threshold.toFixed(2)}, since ${why}: a sample cannot vouch for capacity`;
  return [{ ...judged, status: "warn", detail }];
}

export const exposure: Criterion = {
  name: "exposure",
  setting: "min_exposure",
  group: "exposure",
  judge: ({ mirrorings, lanes }, { min_exposure: threshold }) =>
    threshold === null
      ? []
      : mirrorings.flatMap(({ mirroring }) => {
          const own = lanes.filter((lane) => lane.mirroring === mirroring);
          return judgeMirroring(mirroring, own, threshold);
        }),
  absent: { status: "pass", detail: "Exposure cannot be evaluated: there was no traffic" },
};
