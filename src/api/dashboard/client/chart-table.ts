// The same numbers as a chart, as a table: for those who don't see the chart, and for copying. It is made when it is opened.

import { element, find } from "./element.ts";
import { moment } from "./format.ts";
import type { ChartSeries } from "./series.ts";

interface Kept {
  series: ChartSeries;
  show: (value: number) => string;
}

const kept = new WeakMap<Element, Kept>();

function tableOf({ series: { at, series }, show }: Kept): HTMLElement {
  const head = ["From", ...series.map(({ label }) => label)].map((text, index) =>
    element("th", { scope: "col", class: index === 0 ? null : "number" }, text),
  );
  // The newest first; the last moment is only the end of the last point.
  const rows = at
    .slice(0, -1)
    .map((from, index) => {
      const cells = series.map(({ values }) => {
        const value = values[index] ?? null;
        return element("td", { class: "number" }, value === null ? "–" : show(value));
      });
      return element("tr", {}, element("th", { scope: "row", class: "number" }, moment(from)), ...cells);
    })
    .toReversed();
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

export function showChartTable(figure: HTMLElement, series: ChartSeries, show: (value: number) => string): void {
  const details = find<HTMLDetailsElement>(".as-table", figure);
  const fill = (): void => {
    const now = kept.get(figure);
    if (details.open && now !== undefined) find(".wide", details).replaceChildren(tableOf(now));
  };
  if (!kept.has(figure)) details.addEventListener("toggle", fill);
  kept.set(figure, { series, show });
  fill();
}
