// The time line of what was observed, a row for each mirroring, with its gaps cut out of it.

import { escapeHtml } from "../html.ts";
import { percent } from "../readiness/wording.ts";
import type { Window } from "../window.ts";
import { figureHtml } from "./figure.ts";
import type { ReportTimeline } from "./report.ts";
import { place, PLOT_LEFT, type TimeAxis } from "./time-axis.ts";

const TOP = 16;
const ROW = 34;
const BAR = 14;
/** However short: a gap that can't be seen would be a lie. */
const GAP_WIDTH_MIN = 1.5;

/** Gaps that are listed below it, the longest. */
export const GAPS_MAX = 20;

/** Shorter than this is how far apart two events of one moment may be. */
const UNCONFIRMED_US_MIN = 100_000;

function gapsWords(gaps: number): string {
  if (gaps === 0) return "Observed without a gap";
  if (gaps === 1) return "1 gap, listed below";
  return `${gaps} gaps, ${gaps > GAPS_MAX ? `the ${GAPS_MAX} longest` : "all"} listed below`;
}

/** What is neither observed nor a gap lies behind the last event: the next one will say which it was. In microseconds. */
function unconfirmedUs({ gaps, observedSeconds }: ReportTimeline, window: Window): number {
  const known = gaps.reduce((sum, { from, to }) => sum + to - from, observedSeconds * 1e6);
  const rest = window.to - window.from - known;
  return rest < UNCONFIRMED_US_MIN ? 0 : rest;
}

function rowOf(timeline: ReportTimeline, index: number, window: Window, axis: TimeAxis) {
  const { mirroring, gaps, observedSeconds } = timeline;
  const top = TOP + index * ROW + 16;
  const cuts = gaps.map(({ from, to }) => {
    const width = Math.max(GAP_WIDTH_MIN, axis.x(to) - axis.x(from));
    return `M${place(axis.x(from))} ${top}h${place(width)}v${BAR}h${place(-width)}z`;
  });
  const share = percent((observedSeconds * 1e6) / (window.to - window.from));
  const words = `<text x="${PLOT_LEFT}" y="${top - 4}">${escapeHtml(`${mirroring}: ${share} observed`)}</text>`;
  const right = place(axis.x(window.to - unconfirmedUs(timeline, window)));
  const whole = `<path class="area observed" d="M${PLOT_LEFT} ${top}H${right}v${BAR}H${PLOT_LEFT}z"/>`;
  return `${words}${whole}<path class="area gap" d="${cuts.join("")}"/>`;
}

export function observedChart(timelines: readonly ReportTimeline[], window: Window, axis: TimeAxis): string {
  if (timelines.length === 0) return "";
  const bottom = TOP + timelines.length * ROW + 6;
  const rows = timelines.map((timeline, index) => rowOf(timeline, index, window, axis));
  const gaps = timelines.reduce((sum, timeline) => sum + timeline.gaps.length, 0);
  const isOpen = timelines.some((timeline) => unconfirmedUs(timeline, window) > 0);
  return figureHtml({
    title: "Observed time",
    summary: `${gapsWords(gaps)}${isOpen ? "; what follows the last event is not confirmed yet." : "."}`,
    legend: [
      { name: "observed", words: "observed" },
      { name: "gap", words: "gap" },
    ],
    height: bottom + 22,
    drawing: `${axis.grid(TOP, bottom)}${rows.join("")}${axis.marks(TOP, bottom, true)}`,
  });
}
