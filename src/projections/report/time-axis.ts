// The time axis that all charts of the report share, so that a moment stands at the same place in each of them.

import { escapeHtml } from "../html.ts";
import type { Window } from "../window.ts";

/** Of every chart, in units of its view box. */
export const CHART_WIDTH = 960;
export const PLOT_LEFT = 64;
export const PLOT_RIGHT = CHART_WIDTH - 8;

const TICKS_MAX = 8;
const STEPS_S = [
  1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000,
];
const DAY_S = 86_400;
const MINUTE_S = 60;

/** A moment that people should find again in every chart. */
export interface Mark {
  readonly at: number;
  readonly label: string;
}

export interface TimeAxis {
  /** Where the moment is, microseconds since the Unix epoch; cut at the edges. */
  x(us: number): number;
  /** SVG: grid lines from `top` to `bottom`, with their moments below. */
  grid(top: number, bottom: number): string;
  /** SVG: the marks as lines, labelled where there is room for it. */
  marks(top: number, bottom: number, areLabelled?: boolean): string;
}

/** At most a tenth of a unit, so that a chart of many points stays small. */
export const place = (value: number): string => String(Math.round(value * 10) / 10);

function tickText(us: number, stepS: number): string {
  const text = new Date(us / 1000).toISOString();
  if (stepS >= DAY_S) return text.slice(0, 10);
  // So few minutes are of one day, which stands above; with it the labels would run into each other.
  if (stepS < MINUTE_S) return text.slice(11, 19);
  return `${text.slice(5, 10)} ${text.slice(11, 16)}`;
}

export function createTimeAxis({ from, to }: Window, moments: readonly Mark[]): TimeAxis {
  const scale = (PLOT_RIGHT - PLOT_LEFT) / (to - from);
  const x = (us: number): number => PLOT_LEFT + (Math.min(Math.max(us, from), to) - from) * scale;
  const seconds = (to - from) / 1e6;
  const stepS = STEPS_S.find((step) => seconds / step <= TICKS_MAX) ?? Math.ceil(seconds / TICKS_MAX);
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / 1e6 / stepS) * stepS; tick * 1e6 < to; tick += stepS) ticks.push(tick * 1e6);
  const line = (at: number, top: number, bottom: number, type: string): string =>
    `<path class="${type}" d="M${place(x(at))} ${top}V${bottom}"/>`;
  /** Words that would stand outside of the chart lean on its edge. */
  const anchor = (at: number): string => {
    if (x(at) > PLOT_RIGHT - 40) return "end";
    return x(at) < PLOT_LEFT + 40 ? "start" : "middle";
  };
  return {
    x,
    grid: (top, bottom) =>
      ticks
        .map((tick) => {
          const text = escapeHtml(tickText(tick, stepS));
          const words = `<text x="${place(x(tick))}" y="${bottom + 14}" text-anchor="${anchor(tick)}">${text}</text>`;
          return `${line(tick, top, bottom, "grid")}${words}`;
        })
        .join(""),
    marks: (top, bottom, areLabelled = false) =>
      moments
        .map(({ at, label }) => {
          const words = `<text class="mark" x="${place(x(at))}" y="${top - 3}" text-anchor="middle">${escapeHtml(label)}</text>`;
          return `${line(at, top, bottom, "mark")}${areLabelled ? words : ""}`;
        })
        .join(""),
  };
}
