// The names of a chart's series, each a button that switches it off and on.

import { colorOf, type ChartKind } from "./chart-options.ts";
import { element, svg } from "./element.ts";
import type { Series } from "./series.ts";

/** `hidden` holds the keys of those that are off; `onSwitch`: it has changed. */
export function showLegend(
  legend: HTMLElement,
  series: readonly Series[],
  kind: ChartKind,
  hidden: Set<string>,
  onSwitch: () => void,
): void {
  const buttons = series.map((each) => {
    const { key, label } = each;
    const total = kind.total?.(each) ?? "";
    const button = element(
      "button",
      { type: "button", "aria-pressed": hidden.has(key) ? "false" : "true" },
      swatch(each, kind.isStacked),
      label,
      total === "" ? null : element("span", { class: "total" }, total),
    );
    button.addEventListener("click", () => {
      if (!hidden.delete(key)) hidden.add(key);
      button.setAttribute("aria-pressed", hidden.has(key) ? "false" : "true");
      onSwitch();
    });
    return button;
  });
  legend.replaceChildren(...buttons);
}

function swatch({ color, dash, width }: Series, isStacked: boolean): SVGElement {
  const stroke = colorOf(color);
  const line = isStacked
    ? svg("rect", { x: 1, y: 1, width: 20, height: 10, rx: 2, fill: stroke })
    : svg("path", { d: "M0 6H22", stroke, "stroke-width": width ?? 2, "stroke-dasharray": dash?.join(" ") ?? null });
  return svg("svg", { viewBox: "0 0 22 12", "aria-hidden": "true" }, line);
}
