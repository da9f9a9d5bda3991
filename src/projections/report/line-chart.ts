// Latencies over time on a scale of decades, so that half a millisecond and ten seconds can both be read.

import { escapeHtml } from "../html.ts";
import { type Figure, figureHtml } from "./figure.ts";
import { place, PLOT_LEFT, PLOT_RIGHT, type TimeAxis } from "./time-axis.ts";

const TOP = 10;
const BOTTOM = 170;
const HEIGHT = BOTTOM + 22;
/** What is faster stands on the ground of the chart: microseconds. */
const LEAST_US = 10;

/** One step: its middle, and microseconds for each entry of the legend; no values where there was nothing to time. */
export interface LinePoint {
  readonly at: number;
  readonly us: readonly number[] | null;
}

/** The powers of ten that the scale begins and ends with. */
export interface Decades {
  readonly low: number;
  readonly high: number;
}

export interface LineChart extends Pick<Figure, "title" | "summary" | "legend"> {
  readonly points: readonly LinePoint[];
  readonly axis: TimeAxis;
  readonly decades: Decades;
}

/** What holds all of these points; charts that are to be compared share it. */
export function decadesOf(points: readonly LinePoint[]): Decades {
  const all = points.flatMap(({ us }) => us ?? []);
  if (all.length === 0) return { low: 2, high: 4 };
  const edge = (choose: (a: number, b: number) => number): number =>
    Math.log10(
      Math.max(
        LEAST_US,
        all.reduce((a, b) => choose(a, b)),
      ),
    );
  const low = Math.floor(edge(Math.min));
  return { low, high: Math.max(low + 1, Math.ceil(edge(Math.max))) };
}

const words = (us: number): string => (us < 1e6 ? `${us / 1000} ms` : `${us / 1e6} s`);

export function lineChart({ title, summary, legend, points, axis, decades: { low, high } }: LineChart): string {
  const y = (us: number): number => {
    const share = (Math.log10(Math.max(us, 10 ** low)) - low) / (high - low);
    return BOTTOM - share * (BOTTOM - TOP);
  };
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => {
    const us = 10 ** (low + index);
    const text = `<text x="${PLOT_LEFT - 6}" y="${place(y(us))}" dy="4" text-anchor="end">${escapeHtml(words(us))}</text>`;
    return `<path class="grid" d="M${PLOT_LEFT} ${place(y(us))}H${PLOT_RIGHT}"/>${text}`;
  });
  const lines = legend.map(({ name }, index) => {
    const parts = points.map(({ at, us }, step) => {
      const value = us?.[index];
      if (value === undefined) return "";
      const isJoined = (points[step - 1]?.us ?? null) !== null;
      // A line of no length: a point that stands alone is a dot.
      return `${isJoined ? "L" : "M"}${place(axis.x(at))} ${place(y(value))}${isJoined ? "" : "h0"}`;
    });
    return `<path class="line ${name}" d="${parts.join("")}"/>`;
  });
  const drawing = `${ticks.join("")}${axis.grid(TOP, BOTTOM)}${lines.join("")}${axis.marks(TOP, BOTTOM)}`;
  return figureHtml({ title, summary, legend, height: HEIGHT, drawing });
}
