// Requests that should have been mirrored, but were skipped: the mirror never saw their load or their writes. Those that
// are filtered out, or belong to a replication connection, are left out on purpose and are not missed.

import type { LaneFacts } from "./facts.ts";
import { grouped } from "./wording.ts";

type Counters = LaneFacts["counters"];

const CAUSES = [
  ["skipped_exposure", "by sampling"],
  ["skipped_capacity", "for want of mirror connections"],
  ["skipped_paused", "while the mirroring was paused"],
  ["skipped_disabled", "while it was disabled"],
] as const satisfies readonly (readonly [keyof Counters, string])[];

export const missedOf = (counters: Counters): number => CAUSES.reduce((sum, [name]) => sum + counters[name], 0);

/** How many were missed by what, for a sentence: `900 were skipped by sampling`; empty when none were. */
export function missedBecause(lanes: readonly LaneFacts[]): string[] {
  return CAUSES.flatMap(([name, words]) => {
    const count = lanes.reduce((sum, { counters }) => sum + counters[name], 0);
    return count === 0 ? [] : [`${grouped(count)} were skipped ${words}`];
  });
}
