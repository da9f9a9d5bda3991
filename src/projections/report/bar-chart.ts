// Stacked bars over time: what each step of the window counted, by kind.

import { escapeHtml } from "../html.ts";
import type { Window } from "../window.ts";
import { type Figure, figureHtml, type LegendEntry } from "./figure.ts";
import { place, PLOT_LEFT, PLOT_RIGHT, type TimeAxis } from "./time-axis.ts";

const TOP = 10;
const BOTTOM = 170;
const HEIGHT = BOTTOM + 22;
const TICKS = 4;

export interface Bar extends Window {
  /** One for each entry of the legend, from the bottom up. */
  readonly values: readonly number[];
}

export interface BarChart extends Pick<Figure, "title" | "summary" | "legend"> {
  readonly bars: readonly Bar[];
  /** Of the scale: 1 for what is counted. */
  readonly tickMin?: number;
  readonly axis: TimeAxis;
}

/** The smallest of 1, 2, 4 or 5 × 10^n that TICKS of them reach `max` with, and no less than `tickMin`. */
function tickOf(max: number, tickMin: number): number {
  const least = Math.max(max / TICKS, tickMin);
  const unit = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 4, 5, 10].find((factor) => factor * unit >= least) ?? 10) * unit;
}

const words = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });

export function barChart({ title, summary, legend, bars, axis, tickMin = 0 }: BarChart): string {
  const sums = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const max = sums.reduce((most, sum) => Math.max(most, sum), 0);
  const tick = tickOf(max === 0 ? TICKS : max, tickMin);
  const height = (value: number): number => (value / (tick * TICKS)) * (BOTTOM - TOP);
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => {
    const y = place(BOTTOM - height(index * tick));
    const text = `<text x="${PLOT_LEFT - 6}" y="${y}" dy="4" text-anchor="end">${escapeHtml(words(index * tick))}</text>`;
    return `<path class="grid" d="M${PLOT_LEFT} ${y}H${PLOT_RIGHT}"/>${text}`;
  });
  const areas = legend.map((entry, index) => areaOf(entry, index, bars, { axis, height }));
  const drawing = `${ticks.join("")}${axis.grid(TOP, BOTTOM)}${areas.join("")}${axis.marks(TOP, BOTTOM)}`;
  return figureHtml({ title, summary, legend, height: HEIGHT, drawing });
}

interface Scales {
  readonly axis: TimeAxis;
  readonly height: (value: number) => number;
}

/** All bars of one kind as one path. Whatever is not zero can be seen. */
function areaOf({ name }: LegendEntry, index: number, bars: readonly Bar[], { axis, height }: Scales): string {
  const parts = bars.map(({ from, to, values }) => {
    const value = values[index] ?? 0;
    if (value === 0) return "";
    const below = values.slice(0, index).reduce((sum, each) => sum + each, 0);
    const [left, width] = [axis.x(from), Math.max(1, axis.x(to) - axis.x(from))];
    const tall = Math.max(0.7, height(value));
    return `M${place(left)} ${place(BOTTOM - height(below))}h${place(width)}v${place(-tall)}h${place(-width)}z`;
  });
  return `<path class="area ${name}" d="${parts.join("")}"/>`;
}
