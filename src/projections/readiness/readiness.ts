// Is it safe to cut over? A pure function of what the log says about a window, and of a policy: the same facts and policy
// give the same answer, byte for byte.
//
//   facts ─▶ criteria, the worst place speaks for each ─▶ verdict, score, reasons, what is still needed

import { formatMoment } from "../rfc3339.ts";
import type { ReadinessFacts } from "./facts.ts";
import { type Judged, judge } from "./judge.ts";
import { neededSentences } from "./needed.ts";
import { type Policy, policyJson } from "./policy.ts";
import { readinessMetrics } from "./readiness-metrics.ts";
import type { Readiness, ReadinessCriterion } from "./readiness-schema.ts";
import { reasonsOf } from "./reasons.ts";
import { bandOf, recommendationOf, scoreOf, WEIGHTS } from "./score.ts";
import { verdictOf } from "./verdict.ts";

function criterionJson({ criterion, worst }: Judged): ReadinessCriterion {
  const { name, setting, group } = criterion;
  const { status, actual, threshold, mirroring, database, detail } = worst;
  const weight = group === null ? 0 : WEIGHTS[group];
  return { name, setting, status, actual, threshold, mirroring, database, detail, weight };
}

export function readiness(facts: ReadinessFacts, policy: Policy): Readiness {
  const judged = judge(facts, policy);
  const statuses = judged.map(({ worst, criterion: { group } }) => ({ status: worst.status, group }));
  const verdict = verdictOf(statuses.map(({ status }) => status));
  const score = scoreOf(statuses);
  const { expires_after: expiresAfterMs } = policy;
  return {
    verdict,
    ready: verdict === "READY",
    confidence_score: score,
    band: bandOf(score),
    recommendation: recommendationOf(verdict, score),
    from: formatMoment(facts.window.from),
    to: formatMoment(facts.window.to),
    expires_at: expiresAfterMs === null ? null : formatMoment(facts.window.to + expiresAfterMs * 1000),
    resolution: facts.resolution,
    statements_resolution: facts.statementsResolution,
    policy: policyJson(policy),
    criteria: judged.map(criterionJson),
    reasons: reasonsOf(judged, facts),
    needed: neededSentences(
      judged.flatMap(({ worst, others }) => [worst, ...others].flatMap(({ needed }) => needed ?? [])),
    ),
    metrics: readinessMetrics(facts, policy),
  };
}
