// One side's latencies as JSON, in milliseconds with the microseconds behind the point; null without a sample.

import { z } from "zod";
import type { Histogram } from "./histogram.ts";

const ms = z.number().nullable();

/** Quantiles are within 1.1 %, the mean and the maximum are exact. */
export const latencySchema = z.object({ mean_ms: ms, p50_ms: ms, p95_ms: ms, p99_ms: ms, max_ms: ms });

export type LatencyJson = z.infer<typeof latencySchema>;

const rounded = (us: number): number => Math.round(us) / 1000;

/** `count` samples with this sum and maximum, in microseconds. */
export function latencyJson(histogram: Histogram, count: number, sumUs: number, maxUs: number): LatencyJson {
  if (count === 0) return { mean_ms: null, p50_ms: null, p95_ms: null, p99_ms: null, max_ms: null };
  // The middle of the last bucket may be above the largest sample.
  const quantile = (q: number): number => rounded(Math.min(histogram.quantile(q) ?? maxUs, maxUs));
  return {
    mean_ms: rounded(sumUs / count),
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
    p99_ms: quantile(0.99),
    max_ms: rounded(maxUs),
  };
}
