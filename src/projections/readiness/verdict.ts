// The verdict: what the worst criterion says.

import type { Status } from "./status.ts";

export const VERDICTS = ["READY", "NOT_READY", "INCONCLUSIVE"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Nothing that was not shown counts as shown. */
export function verdictOf(statuses: readonly Status[]): Verdict {
  if (statuses.includes("fail")) return "NOT_READY";
  return statuses.includes("insufficient") ? "INCONCLUSIVE" : "READY";
}
