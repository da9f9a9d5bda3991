// The verdicts on some windows, mirroring by mirroring, from one reading of the log for each window.

import type { LogReader } from "../../events/log-reader.ts";
import { readWindowBounds } from "../log-extent.ts";
import { parseWindow } from "../window.ts";
import { factsOfMirroring } from "./facts-of-mirroring.ts";
import type { Policy } from "./policy.ts";
import { readFacts } from "./read-facts.ts";
import { readiness } from "./readiness.ts";
import type { Verdict } from "./verdict.ts";

export interface VerdictOf {
  readonly mirroring: string;
  /** As it was asked for: `24h`, `all`. */
  readonly window: string;
  readonly verdict: Verdict;
  /** 0 to 100 */
  readonly score: number;
}

export interface VerdictsQuery {
  readonly windows: readonly string[];
  readonly mirrorings: readonly string[];
  readonly policy: Policy;
  /** The clock, microseconds since the Unix epoch. */
  readonly nowUs: number;
}

/** By window, then mirroring. Throws rebuilding. */
export async function readVerdicts(reader: LogReader, query: VerdictsQuery): Promise<VerdictOf[]> {
  const { windows, mirrorings, policy, nowUs } = query;
  const verdicts: VerdictOf[] = [];
  for (const window of windows) {
    const facts = await readFacts(reader, parseWindow({ window }, readWindowBounds(reader, nowUs)));
    for (const mirroring of mirrorings) {
      const { verdict, confidence_score: score } = readiness(factsOfMirroring(facts, mirroring), policy);
      verdicts.push({ mirroring, window, verdict, score });
    }
  }
  return verdicts;
}
