// The score: 100 less the weights of what is not met, its band, and what is recommended. It is for people; the verdict does
// not depend on it.

import type { Status } from "./status.ts";
import type { Verdict } from "./verdict.ts";

/** Criteria of one group lose its weight once, together. */
export const WEIGHTS = {
  errors: 30,
  latency: 20,
  runtime: 25,
  requests: 25,
  divergence: 10,
  drops: 10,
  latency_ratio: 10,
  exposure: 10,
} as const;

export type WeightGroup = keyof typeof WEIGHTS;

interface Band {
  readonly from: number;
  readonly band: string;
  readonly recommendation: string;
}

const BANDS: readonly Band[] = [
  { from: 95, band: "Highly confident", recommendation: "safe to migrate immediately" },
  { from: 80, band: "Confident", recommendation: "review specific issues, likely safe" },
  { from: 60, band: "Moderate", recommendation: "address issues before migration" },
  { from: 40, band: "Low", recommendation: "significant issues need resolution" },
  { from: 0, band: "Very low", recommendation: "do not migrate" },
];

/** Whether a criterion costs its weight. Advice costs nothing; that a sample is no proof of capacity is more than advice. */
export function isMet(status: Status, group: WeightGroup | null): boolean {
  return status === "pass" || status === "off" || (status === "warn" && group !== "exposure");
}

/** From 0 to 100. */
export function scoreOf(criteria: readonly { readonly status: Status; readonly group: WeightGroup | null }[]): number {
  const lost = new Set(
    criteria.flatMap(({ status, group }) => (isMet(status, group) || group === null ? [] : [group])),
  );
  return Math.max(0, 100 - [...lost].reduce((sum, group) => sum + WEIGHTS[group], 0));
}

const bandAt = (score: number): Band => BANDS.find(({ from }) => score >= from)!;

export function bandOf(score: number): string {
  return bandAt(score).band;
}

/** To migrate is recommended with READY alone, whatever the score. */
export function recommendationOf(verdict: Verdict, score: number): string {
  switch (verdict) {
    case "READY":
      return bandAt(score).recommendation;
    case "INCONCLUSIVE":
      return "keep observing";
    case "NOT_READY":
      return score >= 60 ? "address issues before migration" : "do not migrate";
  }
}
