// The four charts of the window, with their tables.

import type { HistoryAnswer } from "./answers.ts";
import { type Chart, createChart } from "./chart.ts";
import type { ChartKind } from "./chart-options.ts";
import { showChartTable } from "./chart-table.ts";
import { field, find } from "./element.ts";
import { compact, grouped, ms, step } from "./format.ts";
import type { Marks } from "./marks.ts";
import { type ChartSeries, errorSeries, latencySeries, queueSeries, requestSeries, type Series } from "./series.ts";

interface Plan extends ChartKind {
  readonly seriesOf: (history: HistoryAnswer) => ChartSeries;
  readonly what: (history: HistoryAnswer) => string;
}

const known = (values: readonly (number | null)[]): number[] => values.slice(0, -1).filter((value) => value !== null);
const sumOf = ({ values }: Series): number => known(values).reduce((sum, value) => sum + value, 0);
const perSecond = (value: number): string => `${compact(value)}/s`;

const PLANS: readonly Plan[] = [
  {
    id: "requests",
    isStacked: true,
    isLogarithmic: false,
    show: perSecond,
    leastMax: 0,
    seriesOf: requestSeries,
    what: ({ step_seconds: seconds }) => `per second, by outcome; a point is ${step(seconds)}`,
  },
  {
    id: "errors",
    isStacked: true,
    isLogarithmic: false,
    show: grouped,
    total: (series) => grouped(sumOf(series)),
    calm: "No error in this window",
    leastMax: 4,
    seriesOf: errorSeries,
    what: ({ step_seconds: seconds }) => `by category, counted in ${step(seconds)}`,
  },
  {
    id: "latency",
    isStacked: false,
    isLogarithmic: true,
    show: ms,
    leastMax: 0,
    seriesOf: latencySeries,
    what: () => "of the same requests on both sides, ms, in decades",
  },
  {
    id: "queue",
    isStacked: false,
    isLogarithmic: false,
    show: grouped,
    leastMax: 4,
    seriesOf: queueSeries,
    what: () => "requests waiting for the mirror or running on it",
  },
];

export interface Charts {
  show(history: HistoryAnswer): void;
  mark(marks: Marks): void;
  redraw(): void;
}

const seconds = (iso: string): number => Date.parse(iso) / 1000;

/** `onSelect`: somebody dragged over a span, in seconds since the Unix epoch. */
export function createCharts(onSelect: (from: number, to: number) => void): Charts {
  const charts: [Plan, Chart][] = PLANS.map((plan) => [plan, createChart(plan, onSelect)]);
  return {
    show: (history) => {
      for (const [plan, chart] of charts) {
        const series = plan.seriesOf(history);
        field("what", find(`#chart-${plan.id}`)).textContent = plan.what(history);
        chart.show(seconds(history.from), seconds(history.to), series);
        showChartTable(find(`#chart-${plan.id}`), series, plan.show);
      }
    },
    mark: (marks) => {
      for (const [, chart] of charts) chart.mark(marks);
    },
    redraw: () => {
      for (const [, chart] of charts) chart.redraw();
    },
  };
}
