// The time in which somebody was watching, as spans: of one mirroring, or of any of several.

import { observedSpans, type Timeline } from "./timeline.ts";
import type { Window } from "./window.ts";

/** The parts of the window in which at least one of the mirrorings was observed, in order, none touching another. */
export function observedByAny(timelines: readonly Timeline[], window: Window): Window[] {
  const spans = timelines.flatMap((timeline) => observedSpans(timeline, window));
  const union: Window[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = union.at(-1);
    if (last === undefined || from > last.to) union.push({ from, to });
    else if (to > last.to) union[union.length - 1] = { from: last.from, to };
  }
  return union;
}

/** The seconds of each window that lie in the spans; windows and spans are in order, and neither overlap. */
export function secondsIn(spans: readonly Window[], windows: readonly Window[]): number[] {
  let first = 0;
  return windows.map(({ from, to }) => {
    while (first < spans.length && spans[first]!.to <= from) first++;
    let us = 0;
    for (let i = first; i < spans.length && spans[i]!.from < to; i++) {
      us += Math.min(to, spans[i]!.to) - Math.max(from, spans[i]!.from);
    }
    return us / 1e6;
  });
}
