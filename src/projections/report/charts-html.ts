// The three questions about the window that a chart answers best: what became of requests, which errors, and how fast were
// both sides.

import { grouped } from "../readiness/wording.ts";
import type { RollupCounters } from "../rollup-counters.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { decadesOf, lineChart, type LinePoint } from "./line-chart.ts";
import type { Report, ReportPoint } from "./report.ts";
import type { TimeAxis } from "./time-axis.ts";

type Counter = keyof RollupCounters;

const OUTCOMES = ["mirrored", "errored", "dropped", "skipped"] as const satisfies Counter[];
const ERRORS = [
  { name: "query", counter: "errors_query" },
  { name: "connection", counter: "errors_connection" },
  { name: "timeout", counter: "errors_timeout" },
  { name: "buffer-full", counter: "dropped_buffer_full" },
] as const satisfies { name: string; counter: Counter }[];
const QUANTILES = [
  { name: "p50", q: 0.5 },
  { name: "p95", q: 0.95 },
  { name: "p99", q: 0.99 },
] as const;

const secondsOf = ({ from, to }: ReportPoint): number => (to - from) / 1e6;

function spanWords(us: number): string {
  const seconds = us / 1e6;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function totalsWords(points: readonly ReportPoint[], counters: readonly Counter[], names: readonly string[]): string {
  const totals = counters.map((name) => points.reduce((sum, { rollup }) => sum + rollup.counters[name], 0));
  return totals.map((total, index) => `${grouped(total)} ${names[index]}`).join(", ");
}

function barsOf(points: readonly ReportPoint[], valuesOf: (point: ReportPoint) => number[]): Bar[] {
  return points.map((point) => ({ from: point.from, to: point.to, values: valuesOf(point) }));
}

function latencyPoints(points: readonly ReportPoint[], side: "mirror" | "primary"): LinePoint[] {
  return points.map(({ from, to, rollup }) => {
    const histogram = rollup[side];
    const us = histogram.count === 0 ? null : QUANTILES.map(({ q }) => histogram.quantile(q) ?? 0);
    return { at: (from + to) / 2, us };
  });
}

export function chartsHtml({ points, stepUs, seriesResolution }: Report, axis: TimeAxis): string {
  if (points.length === 0) return "";
  const step = spanWords(stepUs);
  const exact = seriesResolution === "exact" ? "" : ` Edges are cut at whole buckets of ${seriesResolution}.`;
  const names = ERRORS.map(({ name }) => name.replace("-", " "));
  const counters = ERRORS.map(({ counter }) => counter);
  const [mirror, primary] = [latencyPoints(points, "mirror"), latencyPoints(points, "primary")];
  const decades = decadesOf([...mirror, ...primary]);
  const legend = QUANTILES.map(({ name }) => ({ name, words: name }));
  return [
    barChart({
      title: "Requests per second by outcome",
      summary: `${totalsWords(points, OUTCOMES, OUTCOMES)}; each bar is the mean of ${step}.${exact}`,
      legend: OUTCOMES.map((name) => ({ name, words: name })),
      bars: barsOf(points, (point) => OUTCOMES.map((name) => point.rollup.counters[name] / secondsOf(point))),
      axis,
    }),
    barChart({
      title: "Errors by category",
      summary: `${totalsWords(points, counters, names)}; each bar counts ${step}. A buffer full is a dropped request, the others are errored ones.`,
      legend: ERRORS.map(({ name }, index) => ({ name, words: names[index] ?? name })),
      tickMin: 1,
      bars: barsOf(points, ({ rollup }) => counters.map((name) => rollup.counters[name])),
      axis,
    }),
    lineChart({
      title: "Latency of the mirror",
      summary: `Mirrored requests by ${step}, on a scale of decades.`,
      legend,
      points: mirror,
      axis,
      decades,
    }),
    lineChart({
      title: "Latency of the primary",
      summary: "The same requests on the same scale.",
      legend,
      points: primary,
      axis,
      decades,
    }),
  ].join("");
}
