// What is under the cursor: the span of the point, each series with its number, gaps and marks.

import type uPlotType from "uplot";
import type { ChartKind } from "./chart-options.ts";
import { element } from "./element.ts";
import { clock, minute } from "./format.ts";
import type { Marks } from "./marks.ts";
import type { Series } from "./series.ts";

/** A mark is meant when the cursor is so near, in CSS pixels. */
const NEAR_PX = 6;

export interface Tooltip {
  update(u: uPlotType): void;
}

export function createTooltip(
  plot: HTMLElement,
  kind: ChartKind,
  series: () => readonly Series[],
  marks: () => Marks,
): Tooltip {
  plot.querySelector(".tooltip")?.remove();
  const box = element("div", { class: "tooltip", hidden: true });
  plot.append(box);

  const rowsOf = (index: number): HTMLElement[] =>
    series().map(({ label, color, values }) => {
      const value = values[index] ?? null;
      const swatch = element("span", { class: "swatch" });
      swatch.style.background = `var(${color})`;
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, swatch, label),
        element("td", {}, value === null ? "–" : kind.show(value)),
      );
    });

  const notesAt = (u: uPlotType, left: number): string[] => {
    const at = u.posToVal(left, "x");
    const { gaps, lines } = marks();
    const near = lines.filter((line) => Math.abs(u.valToPos(line.at, "x") - left) <= NEAR_PX);
    const inside = gaps.filter(({ from, to }) => from <= at && at < to);
    return [...near.map(({ text }) => text), ...inside.map(({ cause }) => `Not observed: ${cause}`)];
  };

  return {
    update: (u) => {
      const { idx, left } = u.cursor;
      if (idx === undefined || idx === null || left === undefined || left < 0) {
        box.hidden = true;
        return;
      }
      // The last moment is only the end of the last point.
      const index = Math.min(pointAt(u, u.posToVal(left, "x")), u.data[0].length - 2);
      const [from, to] = [u.data[0][index], u.data[0][index + 1]];
      if (from === undefined || to === undefined) return;
      box.replaceChildren(
        element("div", { class: "when" }, `${minute(from)} (${clock(from)} – ${clock(to)})`),
        element("table", {}, element("tbody", {}, ...rowsOf(index).toReversed())),
        ...notesAt(u, left).map((note) => element("div", { class: "mark" }, note)),
      );
      box.hidden = false;
      const offset = u.over.offsetLeft + left;
      const isRight = offset > plot.clientWidth / 2;
      box.style.left = isRight ? "auto" : `${offset + 14}px`;
      box.style.right = isRight ? `${plot.clientWidth - offset + 14}px` : "auto";
    },
  };
}

/** The point that covers the moment: uPlot gives the nearest beginning. */
function pointAt(u: uPlotType, at: number): number {
  const moments = u.data[0];
  let index = moments.findLastIndex((moment) => moment <= at);
  if (index < 0) index = 0;
  return index;
}
