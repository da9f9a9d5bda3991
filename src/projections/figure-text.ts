// Figures as people read them; what is not known is a dash.

import type { Coverage } from "./coverage-json.ts";

const UNKNOWN = "-";

type Maybe = number | null;

export const integerText = (value: Maybe): string => (value === null ? UNKNOWN : value.toLocaleString("en-US"));
export const msText = (value: Maybe): string => (value === null ? UNKNOWN : value.toFixed(2));
export const ratioText = (value: Maybe): string => (value === null ? UNKNOWN : value.toFixed(2));

/** A share of 1 with three digits that say something: `95.6%`, `99.995%`, `0.012%`. */
export function percentText(share: Maybe): string {
  if (share === null) return UNKNOWN;
  const isNearlyAll = share >= 0.99 && share < 1;
  const percent = Number((share * 100).toPrecision(isNearlyAll ? 5 : 3));
  // A rate that is not quite 1 must not look like 1.
  return `${isNearlyAll && percent === 100 ? 99.999 : percent}%`;
}

/** `2026-11-21T10:00:00Z`, of what formatMoment gives. */
export const momentText = (moment: string): string => moment.replace(/\.\d+Z$/, "Z");

/** A sentence about what an answer rests on; empty when it covers all that was asked for. */
export function coverageText({ covered, resolution }: Coverage): string {
  if (covered === null) return "Nothing of this window is known any more.\n";
  if (resolution === "exact") return "";
  return `Known from ${covered.from} to ${covered.to}, cut at buckets of ${resolution}: older events were removed.\n`;
}
