// The statements of the window, the worst first, by what is asked for.

import type { StatementAnswer, StatementsAnswer } from "./answers.ts";
import { element, find, replaceChildren } from "./element.ts";
import { grouped, ms, ratio } from "./format.ts";

/** By how much the mirror's p95 may exceed the primary's before it is marked. */
const RATIO_MARKED = 1.5;

interface Column {
  readonly label: string;
  /** The order of the API that puts its largest first. */
  readonly sort: string | null;
  readonly show: (statement: StatementAnswer) => string;
  readonly mark?: (statement: StatementAnswer) => "bad" | "open" | "zero" | null;
  readonly isWide?: boolean;
}

const troubled = (count: number, mark: "bad" | "open"): "bad" | "open" | "zero" => (count === 0 ? "zero" : mark);

const COLUMNS: readonly Column[] = [
  { label: "Calls", sort: "calls", show: ({ calls }) => grouped(calls) },
  {
    label: "Errors + drops",
    sort: "errors",
    show: ({ errored, dropped }) => grouped(errored + dropped),
    mark: ({ errored, dropped }) => troubled(errored + dropped, "bad"),
  },
  {
    label: "Divergences",
    sort: "divergences",
    show: ({ divergences }) => grouped(divergences),
    mark: ({ divergences }) => troubled(divergences, "open"),
  },
  { label: "Primary p95", sort: null, show: ({ latency }) => ms(latency.primary.p95_ms), isWide: true },
  { label: "Mirror p95", sort: "latency", show: ({ latency }) => ms(latency.mirror.p95_ms) },
  {
    label: "Mirror ÷ primary",
    sort: "ratio",
    show: ({ latency_ratio: value }) => ratio(value),
    mark: ({ latency_ratio: value }) => (value === null ? "zero" : value > RATIO_MARKED ? "open" : null),
  },
];

export interface StatementsView {
  show(answer: StatementsAnswer, sort: string): void;
}

function cellOf({ show, mark, isWide }: Column, statement: StatementAnswer): HTMLElement {
  const kind = mark?.(statement) ?? null;
  const text = element("span", { class: kind }, show(statement));
  return element("td", { class: isWide === true ? "number hide-narrow" : "number" }, text);
}

function rowOf(statement: StatementAnswer, onOpen: (fingerprint: string) => void): HTMLElement {
  const { fingerprint, statement: text, errors, dropped } = statement;
  const button = element("button", { type: "button", class: "sql", "data-key": fingerprint, title: text }, text);
  button.addEventListener("click", () => onOpen(fingerprint));
  const [error] = errors;
  const troubles = [
    ...(dropped === 0 ? [] : [`${grouped(dropped)} dropped`]),
    ...(error === undefined ? [] : [`${grouped(error.count)} × ${error.code} ${error.sample}`]),
  ];
  const sample = troubles.length === 0 ? null : element("div", { class: "sample" }, troubles.join(" · "));
  return element(
    "tr",
    {},
    element("td", { class: "statement" }, button, sample),
    ...COLUMNS.map((column) => cellOf(column, statement)),
  );
}

/** `onSort`: another order is asked for; `onOpen`: one statement is. */
export function createStatements(
  onSort: (sort: string) => void,
  onOpen: (fingerprint: string) => void,
): StatementsView {
  for (const button of document.querySelectorAll<HTMLElement>("#sorts [data-sort]")) {
    button.addEventListener("click", () => onSort(button.dataset["sort"] ?? ""));
  }
  const headOf = ({ label, sort, isWide }: Column, sorted: string): HTMLElement => {
    const attributes = { scope: "col", class: isWide === true ? "number hide-narrow" : "number" };
    if (sort === null) return element("th", attributes, label);
    const button = element("button", { type: "button", class: "sort", "data-key": `sort ${sort}` }, label);
    button.addEventListener("click", () => onSort(sort));
    return element("th", { ...attributes, "aria-sort": sort === sorted ? "descending" : "none" }, button);
  };
  return {
    show: ({ statements, statements_total: total, other }, sort) => {
      for (const button of document.querySelectorAll<HTMLElement>("#sorts [data-sort]")) {
        button.setAttribute("aria-pressed", String(button.dataset["sort"] === sort));
      }
      const place = find("#statements");
      if (statements.length === 0) {
        place.replaceChildren(element("p", { class: "empty" }, "No statement has been mirrored in this window."));
        return;
      }
      const head = [element("th", { scope: "col" }, "Statement"), ...COLUMNS.map((column) => headOf(column, sort))];
      const table = element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...statements.map((statement) => rowOf(statement, onOpen))),
      );
      const rest = other === null ? "" : ` ${grouped(other.calls)} calls are not told apart by statement.`;
      const note = `${grouped(statements.length)} of ${grouped(total)} statements.${rest}`;
      replaceChildren(place, table, element("p", { class: "note" }, note));
    },
  };
}
