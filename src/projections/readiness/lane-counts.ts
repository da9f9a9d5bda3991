// What criteria count on a lane: requests, errors and divergences, each once.

import type { LaneFacts, ReadinessFacts } from "./facts.ts";
import { missedOf } from "./missed.ts";

type Counters = LaneFacts["counters"];

/** Requests that have an outcome. */
export const finishedOf = ({ mirrored, errored, dropped }: Counters): number => mirrored + errored + dropped;

/**
 * Errors and drops. What an earlier difference in the same transaction has brought about is counted once, with its root;
 * a buffer_full is one of the drops.
 */
export const failuresOf = ({ errored, dropped, attribution_cascade: cascades }: Counters): number =>
  errored - cascades + dropped;

/** Answers that differ, though neither is the mirror's own failure. */
export function divergencesOf(counters: Counters): number {
  const { parity_different_rows: rows, parity_different_content: content } = counters;
  return rows + content + counters.parity_different_error + counters.parity_primary_failed;
}

/** Requests whose results could be compared. */
export const comparedOf = (counters: Counters): number =>
  divergencesOf(counters) + counters.parity_match + counters.parity_both_failed + counters.parity_mirror_failed;

/** Lanes with anything to judge: those that are filtered out or idle have no rates. */
export const busyLanes = ({ lanes }: ReadinessFacts): LaneFacts[] =>
  lanes.filter(({ counters }) => counters.selected + finishedOf(counters) > 0);

/** The mirror never got some of the writes, so its data drifts, and what follows from that is not its fault. */
export const missesWrites = ({ counters, mayWrite }: LaneFacts): boolean => mayWrite && missedOf(counters) > 0;

/** Requests with an outcome for each second under observation; 0 when there was none. */
export function finishedPerSecond({ mirrorings }: ReadinessFacts, { mirroring, counters }: LaneFacts): number {
  const seconds = mirrorings.find((each) => each.mirroring === mirroring)?.observedSeconds ?? 0;
  return seconds > 0 ? finishedOf(counters) / seconds : 0;
}

/** The share of what should have been mirrored that was selected; null without traffic. */
export function exposureOf(lanes: readonly LaneFacts[]): number | null {
  const selected = lanes.reduce((sum, { counters }) => sum + counters.selected, 0);
  const missed = lanes.reduce((sum, { counters }) => sum + missedOf(counters), 0);
  return selected + missed === 0 ? null : selected / (selected + missed);
}
