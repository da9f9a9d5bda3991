// The length of a point of the history: as asked for, or so that the window has about 300 of them.

import { DURATION_EXPECTED, formatDuration, parseDuration } from "../config/duration.ts";
import { stepOf } from "./read-series.ts";
import { bucketStart } from "./rollup-levels.ts";
import { type Window, WindowError } from "./window.ts";

const POINTS_MAX = 2000;

/** Microseconds; undefined: about `points` of them. Throws WindowError for what is no step, or makes too many points. */
export function historyStep(window: Window, asked: string | undefined, points?: number): number {
  const chosen = leastStep(window, stepOf(window, points));
  if (asked === undefined) return chosen;
  const ms = parseDuration(asked);
  if (ms === null) throw new WindowError("step", asked, DURATION_EXPECTED);
  const stepUs = ms * 1000;
  if (pointsOf(window, stepUs) <= POINTS_MAX) return stepUs;
  const least = formatDuration(chosen / 1000);
  throw new WindowError("step", asked, `longer: this window may have ${POINTS_MAX} points, ${least} makes fewer`);
}

function pointsOf({ from, to }: Window, stepUs: number): number {
  return Math.ceil((to - bucketStart(from, stepUs)) / stepUs);
}

function leastStep(window: Window, stepUs: number): number {
  return pointsOf(window, stepUs) <= POINTS_MAX ? stepUs : leastStep(window, stepUs * 2);
}
