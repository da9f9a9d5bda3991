// The report in plain text: of `pgsoak readiness`, of GET /readiness?format=text, and of SHOW MIRROR READINESS, a line a row.

import { printable } from "../printable.ts";
import type { Readiness, ReadinessCriterion } from "./readiness-schema.ts";
import type { Status } from "./status.ts";
import type { Verdict } from "./verdict.ts";
import { percent } from "./wording.ts";

const STATUS: Readonly<Record<Verdict, string>> = {
  READY: "READY",
  NOT_READY: "NOT READY",
  INCONCLUSIVE: "INCONCLUSIVE",
};
const MARKS: Readonly<Record<Status, string>> = {
  pass: "met",
  warn: "warning",
  fail: "FAILED",
  insufficient: "not shown",
  off: "off",
};
const NONE = "n/a";

export const statusWords = (verdict: Verdict): string => STATUS[verdict];
export const markWords = (status: Status): string => MARKS[status];

const orNone = (value: number | null, words: (value: number) => string): string =>
  value === null ? NONE : words(value);

function figures({ metrics }: Readiness): string[] {
  const { mirror } = metrics.latency;
  const longest = metrics.mirrorings
    .flatMap(({ longest_gap: gap }) => gap ?? [])
    .sort((a, b) => b.seconds - a.seconds)[0];
  const gap =
    longest === undefined ? "none" : `${longest.seconds.toFixed(1)} s (${longest.cause}, from ${longest.from})`;
  return [
    `Error Rate: ${orNone(metrics.error_rate, (rate) => percent(rate, 3))}`,
    `Success Rate: ${orNone(metrics.success_rate, (rate) => percent(rate, 3))}`,
    `Avg Latency: ${orNone(mirror?.avg_ms ?? null, (avg) => `${avg.toFixed(2)}ms`)}`,
    `p99 Latency: ${orNone(mirror?.p99_ms ?? null, (p99) => `${p99.toFixed(2)}ms`)}`,
    `Divergence Rate: ${orNone(metrics.divergence_rate, (rate) => percent(rate, 3))}`,
    `Uptime: ${metrics.observed_hours.toFixed(1)} hours`,
    `Observed: ${percent(metrics.observed_share)} of the window`,
    `Longest Gap: ${gap}`,
    `Total Requests: ${metrics.total_requests}`,
    `Consecutive Successes: ${metrics.consecutive_successes}`,
  ];
}

function criterionLine({ name, status, detail }: ReadinessCriterion): string {
  return `  [${markWords(status)}] ${name}: ${printable(detail)}`;
}

/** Lines without line feeds; nothing in them that a terminal obeys. */
function readinessLines(answer: Readiness): string[] {
  const { needed } = answer;
  return [
    "=== Mirror Migration Readiness Report ===",
    `Status: ${statusWords(answer.verdict)}`,
    `Confidence Score: ${answer.confidence_score.toFixed(1)}%`,
    `Confidence: ${answer.band}`,
    `Recommendation: ${answer.recommendation}`,
    `Window: ${answer.from} to ${answer.to}`,
    `Expires: ${answer.expires_at ?? "never"}`,
    ...figures(answer),
    "Criteria:",
    ...answer.criteria.map(criterionLine),
    "Assessment:",
    ...answer.reasons.map((reason) => `  - ${printable(reason)}`),
    ...(needed.length === 0 ? [] : ["Still needed:", ...needed.map((one) => `  - ${printable(one)}`)]),
  ];
}

export function readinessText(answer: Readiness): string {
  return `${readinessLines(answer).join("\n")}\n`;
}
