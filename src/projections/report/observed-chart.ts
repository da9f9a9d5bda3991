// The time line of what was observed, a row for each mirroring, with its gaps cut out of it.

import { escapeHtml } from "../html.ts";
import { percent } from "../readiness/wording.ts";
import type { Window } from "../window.ts";
import { figureHtml } from "./figure.ts";
import type { ReportTimeline } from "./report.ts";
import { place, PLOT_LEFT, PLOT_RIGHT, type TimeAxis } from "./time-axis.ts";

const TOP = 16;
const ROW = 34;
const BAR = 14;
/** However short: a gap that can't be seen would be a lie. */
const GAP_WIDTH_MIN = 1.5;

/** Gaps that are listed below it, the longest. */
export const GAPS_MAX = 20;

function gapsWords(gaps: number): string {
  if (gaps === 0) return "Observed without a gap.";
  if (gaps === 1) return "1 gap, listed below.";
  return `${gaps} gaps, ${gaps > GAPS_MAX ? `the ${GAPS_MAX} longest` : "all"} listed below.`;
}

function rowOf({ mirroring, gaps, observedSeconds }: ReportTimeline, index: number, window: Window, axis: TimeAxis) {
  const top = TOP + index * ROW + 16;
  const cuts = gaps.map(({ from, to }) => {
    const width = Math.max(GAP_WIDTH_MIN, axis.x(to) - axis.x(from));
    return `M${place(axis.x(from))} ${top}h${place(width)}v${BAR}h${place(-width)}z`;
  });
  const share = percent((observedSeconds * 1e6) / (window.to - window.from));
  const words = `<text x="${PLOT_LEFT}" y="${top - 4}">${escapeHtml(`${mirroring}: ${share} observed`)}</text>`;
  const whole = `<path class="area observed" d="M${PLOT_LEFT} ${top}H${PLOT_RIGHT}v${BAR}H${PLOT_LEFT}z"/>`;
  return `${words}${whole}<path class="area gap" d="${cuts.join("")}"/>`;
}

export function observedChart(timelines: readonly ReportTimeline[], window: Window, axis: TimeAxis): string {
  if (timelines.length === 0) return "";
  const bottom = TOP + timelines.length * ROW + 6;
  const rows = timelines.map((timeline, index) => rowOf(timeline, index, window, axis));
  const gaps = timelines.reduce((sum, timeline) => sum + timeline.gaps.length, 0);
  return figureHtml({
    title: "Observed time",
    summary: gapsWords(gaps),
    legend: [
      { name: "observed", words: "observed" },
      { name: "gap", words: "gap" },
    ],
    height: bottom + 22,
    drawing: `${axis.grid(TOP, bottom)}${rows.join("")}${axis.marks(TOP, bottom, true)}`,
  });
}
