// Each criterion with its bar, the reasons of the verdict, and what is still needed.

import type { CriterionAnswer, CriterionStatus, ReadinessAnswer } from "./answers.ts";
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
  const where = place === "" ? null : element("span", { class: "where" }, place);
  const numbers = element(
    "div",
    { class: "numbers" },
    element("strong", {}, actual === null ? "–" : show(actual)),
    threshold === null ? null : element("span", { class: "threshold" }, `${bound} ${show(threshold)}`),
  );
  const about = { class: "criterion", role: "listitem", "data-criterion": name, "data-status": status };
  const mark = element("span", { class: "status", "data-status": status }, STATUS_WORDS[status]);
  const measure = element("div", { class: "measure" }, status === "off" ? null : numbers, barOf(criterion));
  // What is met says no more than its numbers do.
  if (status === "pass") {
    return element("div", { ...about, title: detail }, mark, element("span", { class: "name" }, label, where), measure);
  }
  return element(
    "div",
    about,
    mark,
    element("span", { class: "name" }, label),
    measure,
    element("p", { class: "detail" }, detail, where === null ? null : " · ", where),
  );
}

/** What stands in the way comes first; among equals the order of the API. */
const ORDER: readonly CriterionStatus[] = ["fail", "insufficient", "warn", "pass", "off"];

export function showCriteria({ criteria }: ReadinessAnswer): void {
  const list = find("#criteria");
  list.setAttribute("role", "list");
  const sorted = criteria.toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  list.replaceChildren(...sorted.map(rowOf));
}

const NOTHING_NEEDED = {
  READY: "Nothing.",
  NOT_READY: "More evidence can’t help: see what failed.",
  INCONCLUSIVE: "Traffic, and time: too little is known to say how much.",
} as const;

const list = (name: string, sentences: readonly string[]): HTMLElement =>
  element("ul", { class: name }, ...sentences.map((sentence) => element("li", {}, element("span", {}, sentence))));

export function showReasons({ verdict, needed, reasons }: ReadinessAnswer): void {
  find("#reasons").replaceChildren(list("reasons", reasons));
  const none = NOTHING_NEEDED[verdict];
  find("#needed").replaceChildren(
    needed.length === 0 ? element("p", { class: "empty" }, none) : list("needed", needed),
  );
}
