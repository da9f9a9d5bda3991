// How each criterion is called, in what it is counted, and whether more of it is better.

import { grouped, ms, percent, ratio } from "./format.ts";

interface CriterionWords {
  readonly label: string;
  readonly show: (value: number) => string;
  /** What the threshold is. */
  readonly bound: "at most" | "at least";
}

const share = (value: number): string => percent(value, value !== 0 && value < 0.001 ? 3 : 2);
const hours = (value: number): string => `${(Math.floor(value * 10) / 10).toFixed(1)} h`;

const WORDS: Readonly<Record<string, CriterionWords>> = {
  evidence: { label: "Evidence", show: grouped, bound: "at least" },
  accounting: { label: "The books balance", show: grouped, bound: "at most" },
  error_rate: { label: "Error rate", show: share, bound: "at most" },
  consecutive_successes: { label: "Consecutive successes", show: grouped, bound: "at least" },
  mean_latency: { label: "Mean mirror latency", show: ms, bound: "at most" },
  p99_latency: { label: "p99 against 2 × mean", show: ms, bound: "at most" },
  runtime: { label: "Observed time", show: hours, bound: "at least" },
  requests: { label: "Requests selected", show: grouped, bound: "at least" },
  divergence_rate: { label: "Divergence rate", show: share, bound: "at most" },
  drop_rate: { label: "Drop rate", show: share, bound: "at most" },
  latency_ratio: { label: "Slowest statement, mirror ÷ primary", show: ratio, bound: "at most" },
  exposure: { label: "Exposure", show: share, bound: "at least" },
};

/** A criterion that a newer server has is shown under its own name. */
export const criterionWords = (name: string): CriterionWords =>
  WORDS[name] ?? { label: name.replaceAll("_", " "), show: (value) => String(value), bound: "at most" };

export const STATUS_WORDS = {
  off: "Off",
  pass: "Pass",
  warn: "Warning",
  insufficient: "Not enough",
  fail: "Fail",
} as const;
