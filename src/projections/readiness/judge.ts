// Asks each criterion in turn; of all places that one looks at, the worst speaks for it.

import { accounting } from "./accounting.ts";
import { consecutiveSuccesses } from "./consecutive-successes.ts";
import { type Criterion, EVERYWHERE, type Judgement, worstOf } from "./criterion.ts";
import { divergenceRate } from "./divergence-rate.ts";
import { dropRate } from "./drop-rate.ts";
import { errorRate } from "./error-rate.ts";
import { evidence } from "./evidence.ts";
import { exposure } from "./exposure.ts";
import type { ReadinessFacts } from "./facts.ts";
import { latencyRatio } from "./latency-ratio.ts";
import { meanLatency } from "./mean-latency.ts";
import { p99Latency } from "./p99-latency.ts";
import type { Policy } from "./policy.ts";
import { requests } from "./requests.ts";
import { runtime } from "./runtime.ts";

/** In the order in which an answer shows them. */
export const CRITERIA: readonly Criterion[] = [
  evidence,
  accounting,
  errorRate,
  consecutiveSuccesses,
  meanLatency,
  p99Latency,
  runtime,
  requests,
  divergenceRate,
  dropRate,
  latencyRatio,
  exposure,
];

/** What one criterion says, and of how many other places it would say no better. */
export interface Judged {
  readonly criterion: Criterion;
  readonly worst: Judgement;
  readonly others: readonly Judgement[];
}

export function judge(facts: ReadinessFacts, policy: Policy): Judged[] {
  return CRITERIA.map((criterion) => judgeOne(criterion, facts, policy));
}

function judgeOne(criterion: Criterion, facts: ReadinessFacts, policy: Policy): Judged {
  const { name, setting, absent } = criterion;
  const threshold = setting === null ? 0 : policy[setting];
  const blank = { actual: null, threshold: null, badness: 0, ...EVERYWHERE };
  if (threshold === null || threshold === "off") {
    return { criterion, worst: { ...blank, status: "off", detail: `${name} is off` }, others: [] };
  }
  const judgements = criterion.judge(facts, policy);
  const worst = worstOf(judgements);
  if (worst === null) {
    const shown = typeof threshold === "number" && setting !== null ? threshold : null;
    return { criterion, worst: { ...blank, ...absent, threshold: shown }, others: [] };
  }
  return { criterion, worst, others: judgements.filter((each) => each !== worst && each.status === worst.status) };
}
