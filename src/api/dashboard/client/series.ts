// A history as what the charts draw: columns of numbers with the points' beginnings, in seconds. Pure.

import type { HistoryAnswer, HistoryPoint } from "./answers.ts";

export interface Series {
  readonly key: string;
  readonly label: string;
  /** A custom property of the style. */
  readonly color: string;
  /** Of the stroke, in CSS pixels; absent: solid. */
  readonly dash?: readonly [on: number, off: number];
  readonly width?: number;
  /** Null where nobody was watching, or there is no such number. */
  readonly values: readonly (number | null)[];
}

export interface ChartSeries {
  /** Where points begin, and where the last one ends. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
}

const secondsOf = (iso: string): number => Date.parse(iso) / 1000;

/** What is drawn of a point reaches to the next one, so the last one needs an end. */
function momentsOf({ points }: HistoryAnswer): number[] {
  const last = points.at(-1);
  return last === undefined ? [] : [...points.map(({ from }) => secondsOf(from)), secondsOf(last.to)];
}

function valuesOf({ points }: HistoryAnswer, valueOf: (point: HistoryPoint) => number | null): (number | null)[] {
  const values = points.map(valueOf);
  return [...values, values.at(-1) ?? null];
}

/** A window's edge may cut a point short; of a moment the rate would be that of the one request that falls into it. */
const LENGTH_MIN = 0.25;

function secondsFor({ from, to }: HistoryPoint, stepSeconds: number): number {
  return Math.max(stepSeconds * LENGTH_MIN, secondsOf(to) - secondsOf(from));
}

const OUTCOMES = ["mirrored", "errored", "dropped", "skipped"] as const;
const CATEGORIES = ["query", "connection", "timeout", "buffer_full"] as const;
const QUANTILES = [
  { quantile: "p50", dash: [2, 3], width: 1.4 },
  { quantile: "p95", dash: [7, 4], width: 1.6 },
  { quantile: "p99", width: 2 },
] as const;

/** Requests per second, from the bottom up. */
export function requestSeries(history: HistoryAnswer): ChartSeries {
  const series = OUTCOMES.map((key) => {
    const perSecond = (point: HistoryPoint): number | null => {
      const count = point[key];
      return count === null ? null : count / secondsFor(point, history.step_seconds);
    };
    return { key, label: key, color: `--c-${key}`, values: valuesOf(history, perSecond) };
  });
  return { at: momentsOf(history), series };
}

export function errorSeries(history: HistoryAnswer): ChartSeries {
  const series = CATEGORIES.map((key) => {
    const label = key.replace("_", " ");
    return { key, label, color: `--c-${key}`, values: valuesOf(history, ({ errors }) => errors[key]) };
  });
  return { at: momentsOf(history), series };
}

export function latencySeries(history: HistoryAnswer): ChartSeries {
  const series = (["primary", "mirror"] as const).flatMap((side) =>
    QUANTILES.map(({ quantile, ...stroke }) => ({
      key: `${side}-${quantile}`,
      label: `${side} ${quantile}`,
      color: `--c-${side}`,
      ...stroke,
      values: valuesOf(history, ({ latency }) => latency[side][`${quantile}_ms`]),
    })),
  );
  return { at: momentsOf(history), series };
}

export function queueSeries(history: HistoryAnswer): ChartSeries {
  const values = valuesOf(history, ({ peak_in_flight: peak }) => peak);
  const series = [{ key: "peak", label: "most at once", color: "--c-queue", values }];
  return { at: momentsOf(history), series };
}

/** The sums from the bottom up; null where nothing is known. Hidden ones add nothing. */
export function stacked(columns: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums = (columns[0] ?? []).map(() => 0);
  return columns.map((column) =>
    column.map((value, index) => {
      if (value === null) return null;
      return (sums[index] = (sums[index] ?? 0) + value);
    }),
  );
}
