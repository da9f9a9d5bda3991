// One histogram of the exposition: cumulative buckets in the order of `le`, the last of them +Inf, then sum and count.

import { LATENCY_BOUNDS_US, type LatencyTotal } from "../projections/latency-totals.ts";
import type { MetricSample } from "./metrics-text.ts";

/** OpenMetrics wants `1.0` and the text format reads it: in both the same, a series outlives a change of the format. */
function spellBound(us: number): string {
  const seconds = us / 1e6;
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

const BOUNDS = [...LATENCY_BOUNDS_US.map(spellBound), "+Inf"];

export function histogramSamples(labels: Readonly<Record<string, string>>, total: LatencyTotal): MetricSample[] {
  let count = 0;
  const buckets = BOUNDS.map((le, index) => {
    count += total.counts[index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le }, value: count };
  });
  return [...buckets, { suffix: "_sum", labels, value: total.sumUs / 1e6 }, { suffix: "_count", labels, value: count }];
}
