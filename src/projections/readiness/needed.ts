// What is still needed for a verdict, and how long that takes at the rate of the window.

import { about, grouped, hours } from "./wording.ts";

export type Needed =
  /** More requests, with or without errors in them; `perSecond`: how fast they come, 0 when that is not known. */
  | { readonly type: "requests" | "flawless"; readonly count: number; readonly perSecond: number }
  /** More time under observation. */
  | { readonly type: "observation"; readonly seconds: number }
  /** A window that can hold the time at all. */
  | { readonly type: "window"; readonly seconds: number }
  /** Evidence can't help, or nobody knows how much of it. */
  | { readonly type: "other"; readonly sentence: string };

function words(one: Needed): string {
  switch (one.type) {
    case "requests":
    case "flawless": {
      const noun = one.count === 1 ? "request" : "requests";
      const what = `${grouped(one.count)} more ${noun}${one.type === "flawless" ? " without an error" : ""}`;
      return one.perSecond > 0 ? `${what}, ${about(one.count / one.perSecond)} at the rate of the window` : what;
    }
    case "observation":
      return one.seconds < 3600
        ? `${about(one.seconds)} more under observation`
        : `${hoursUp(one.seconds)} more hours under observation`;
    case "window":
      return `a window of at least ${hoursUp(one.seconds)} hours`;
    case "other":
      return one.sentence;
  }
}

const hoursUp = (seconds: number): string => hours(Math.ceil(seconds / 360) * 360);

/** How much it is, among those of its type. */
function amount(one: Needed): number {
  if (one.type === "other") return 0;
  if (one.type === "observation" || one.type === "window") return one.seconds;
  return one.perSecond > 0 ? one.count / one.perSecond : Number.MAX_VALUE;
}

/** One sentence for each type, since the largest includes the others; other sentences once each. */
export function neededSentences(all: readonly Needed[]): string[] {
  const kept = new Map<string, Needed>();
  for (const one of all) {
    const key = one.type === "other" ? one.sentence : one.type;
    const before = kept.get(key);
    if (before === undefined || amount(one) > amount(before)) kept.set(key, one);
  }
  return [...kept.values()].map(words);
}
