// One statement: its text, what went wrong with it and how often, both sides' latencies, and where.

import type { LatencyAnswer, StatementAnswer } from "./answers.ts";
import { element, find } from "./element.ts";
import { grouped, ms, percent, ratio, words } from "./format.ts";

const PARITY_WORDS: Readonly<Record<string, string>> = {
  match: "Same result",
  both_failed: "Failed on both, the same way",
  mirror_failed: "Failed on the mirror alone",
  primary_failed: "Failed on the primary alone",
  different_error: "Failed on both, differently",
  different_rows: "Other number of rows",
  different_content: "Other rows",
  unverifiable: "Could not be compared",
};

const LATENCIES = [
  ["Mean", "mean_ms"],
  ["p50", "p50_ms"],
  ["p95", "p95_ms"],
  ["p99", "p99_ms"],
  ["Longest", "max_ms"],
] as const satisfies readonly (readonly [string, keyof LatencyAnswer])[];

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const numbers = head.map((_, index) => index > 0 && rows.every((row) => /^[–<\d]/.test(row[index] ?? "")));
  const classOf = (index: number): string | null => (numbers[index] === true ? "number" : null);
  return element(
    "section",
    {},
    element("h3", {}, caption),
    element(
      "div",
      { class: "wide" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element("tr", {}, ...head.map((text, i) => element("th", { scope: "col", class: classOf(i) }, text))),
        ),
        element(
          "tbody",
          {},
          ...rows.map((row) => element("tr", {}, ...row.map((text, i) => element("td", { class: classOf(i) }, text)))),
        ),
      ),
    ),
  );
}

function counts(statement: StatementAnswer): HTMLElement {
  const { calls, mirrored, errored, dropped, divergences, cascades, latency_ratio: slower } = statement;
  const figures = [
    ["Calls", grouped(calls)],
    ["Mirrored", grouped(mirrored)],
    ["Errors", grouped(errored)],
    ...(cascades === 0 ? [] : [["Of them consequences", grouped(cascades)] as const]),
    ["Dropped", grouped(dropped)],
    ["Divergences", grouped(divergences)],
    ["Mirror ÷ primary", ratio(slower)],
  ] as const;
  const items = figures.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { class: "counts" }, ...items);
}

function body(statement: StatementAnswer): HTMLElement[] {
  const { statement: text, fingerprint, errors, latency, parity, places, calls } = statement;
  const { mirror, primary } = latency;
  const errorRows = errors.map(({ code, count, sample }) => [code, grouped(count), sample]);
  const latencyRows = LATENCIES.map(([name, key]) => {
    const [ours, theirs] = [mirror[key], primary[key]];
    const quotient = ours === null || theirs === null || theirs === 0 ? null : ours / theirs;
    return [name, ms(theirs), ms(ours), ratio(quotient)];
  });
  const parityRows = Object.entries(parity)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => [
      PARITY_WORDS[name] ?? words(name),
      grouped(count),
      percent(calls === 0 ? null : count / calls),
    ]);
  const placeRows = places.map((place) => {
    const { mirroring, database, calls: here, errored, dropped, divergences } = place;
    return [mirroring, database, grouped(here), grouped(errored), grouped(dropped), grouped(divergences)];
  });
  return [
    element(
      "section",
      {},
      element("pre", { class: "statement-text", tabindex: 0, "aria-label": "Text of the statement" }, text),
      element("p", { class: "note" }, `Fingerprint ${fingerprint}. Literals were taken out before it was kept.`),
    ),
    counts(statement),
    ...(errors.length === 0
      ? []
      : [table("Errors by SQLSTATE", ["Code", "Count", "First message, redacted"], errorRows)]),
    element(
      "div",
      { class: "columns" },
      table("Latency of mirrored calls", ["", "Primary", "Mirror", "Mirror ÷ primary"], latencyRows),
      table("Both results", ["", "Calls", "Of all"], parityRows),
    ),
    table("Where", ["Mirroring", "Database", "Calls", "Errors", "Dropped", "Divergences"], placeRows),
  ];
}

export interface StatementDialog {
  /** Null: none of the list has this fingerprint. */
  show(statement: StatementAnswer | null): void;
  close(): void;
}

export function createStatementDialog(onClose: () => void): StatementDialog {
  const dialog = find<HTMLDialogElement>("#statement");
  dialog.addEventListener("close", onClose);
  // Beside the box is the dialog itself; what is in it covers the box.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  let shown: string | null = null;
  return {
    show: (statement) => {
      // What somebody reads and copies doesn't change below the cursor.
      if (dialog.open && statement !== null && statement.fingerprint === shown) return;
      shown = statement?.fingerprint ?? null;
      if (!dialog.open || dialog.childElementCount === 0) {
        const close = element("button", { type: "button", "aria-label": "Close" }, "Close");
        close.addEventListener("click", () => dialog.close());
        dialog.replaceChildren(
          element("div", { class: "dialog-head" }, element("h2", { id: "statement-title" }, "Statement"), close),
          element("div", { class: "dialog-body" }),
        );
      }
      const parts =
        statement === null
          ? [element("p", { class: "empty" }, "This statement is not among the first of this window in this order.")]
          : body(statement);
      find(".dialog-body", dialog).replaceChildren(...parts);
      if (!dialog.open) dialog.showModal();
    },
    close: () => {
      if (dialog.open) dialog.close();
    },
  };
}
