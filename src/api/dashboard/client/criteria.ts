// Each criterion with its bar, and what is still needed.

import type { CriterionAnswer, ReadinessAnswer } from "./answers.ts";
import { criterionWords, STATUS_WORDS } from "./criterion-words.ts";
import { element, find } from "./element.ts";

/** Where on a bar the threshold stands. */
const THRESHOLD_AT = 0.66;

function barOf({ actual, threshold }: CriterionAnswer): HTMLElement | null {
  if (actual === null || threshold === null) return null;
  // A threshold of zero has no scale: there is nothing, or too much.
  const share = threshold === 0 ? (actual === 0 ? 0 : 1) : (actual / threshold) * THRESHOLD_AT;
  const at = threshold === 0 ? 0 : THRESHOLD_AT;
  const bar = element("div", { class: "bar", "aria-hidden": "true" }, element("i"), element("b"));
  bar.style.setProperty("--value", `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`);
  bar.style.setProperty("--at", `${at * 100}%`);
  return bar;
}

function placeOf({ mirroring, database }: CriterionAnswer): string {
  if (mirroring === null) return "";
  return database === null ? mirroring : `${mirroring} / ${database}`;
}

function rowOf(criterion: CriterionAnswer): HTMLElement {
  const { name, status, actual, threshold, detail } = criterion;
  const { label, show, bound } = criterionWords(name);
  const place = placeOf(criterion);
  const numbers = element(
    "div",
    { class: "numbers" },
    element("strong", {}, actual === null ? "–" : show(actual)),
    threshold === null ? null : element("span", { class: "threshold" }, `${bound} ${show(threshold)}`),
  );
  return element(
    "div",
    { class: "criterion", role: "listitem", "data-criterion": name, "data-status": status },
    element("span", { class: "status", "data-status": status }, STATUS_WORDS[status]),
    element("span", { class: "name" }, label),
    element("div", { class: "measure" }, status === "off" ? null : numbers, barOf(criterion)),
    element("p", { class: "detail" }, detail, place === "" ? null : element("span", { class: "where" }, ` · ${place}`)),
  );
}

export function showCriteria({ criteria }: ReadinessAnswer): void {
  const list = find("#criteria");
  list.setAttribute("role", "list");
  list.replaceChildren(...criteria.map(rowOf));
}

export function showNeeded({ verdict, needed, reasons }: ReadinessAnswer): void {
  const items = needed.map((sentence) => element("li", {}, element("span", {}, sentence)));
  const none = verdict === "READY" ? "Nothing: all criteria are met." : "More evidence can’t help: see what failed.";
  const list =
    items.length === 0 ? element("p", { class: "empty" }, none) : element("ul", { class: "needed" }, ...items);
  // The first one stands in the banner.
  const others = reasons.slice(1).map((reason) => element("li", {}, reason));
  find("#needed").replaceChildren(
    list,
    ...(others.length === 0 ? [] : [element("ul", { class: "reasons" }, ...others)]),
  );
}
