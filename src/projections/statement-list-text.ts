// The statements of a window as tables for people: their figures, then their errors with a sample each.

import { coverageText, integerText, msText, ratioText } from "./figure-text.ts";
import { fittedTable, type FittedColumn } from "./fitted-table.ts";
import { printable } from "./printable.ts";
import type { ListedStatement, StatementList } from "./statement-list.ts";

type Line = Omit<ListedStatement, "fingerprint" | "places"> & { readonly fingerprint: string };

const right = (title: string, rank: number, cell: (line: Line) => string): FittedColumn<Line> => {
  return { title, align: "right", rank, cell };
};

const COLUMNS: readonly FittedColumn<Line>[] = [
  { title: "fingerprint", align: "left", rank: 4, cell: ({ fingerprint }) => fingerprint },
  right("calls", 0, ({ calls }) => integerText(calls)),
  right("errored", 0, ({ errored }) => integerText(errored)),
  right("dropped", 2, ({ dropped }) => integerText(dropped)),
  right("differ", 1, ({ divergences }) => integerText(divergences)),
  right("mirror p95 ms", 2, ({ latency }) => msText(latency.mirror.p95_ms)),
  right("primary p95 ms", 2, ({ latency }) => msText(latency.primary.p95_ms)),
  right("ratio", 1, ({ latency_ratio: ratio }) => ratioText(ratio)),
  { title: "statement", align: "left", rank: 0, isElastic: true, cell: ({ statement }) => printable(statement) },
];

interface ErrorLine {
  readonly fingerprint: string;
  readonly code: string;
  readonly count: number;
  readonly sample: string;
}

const ERROR_COLUMNS: readonly FittedColumn<ErrorLine>[] = [
  { title: "fingerprint", align: "left", rank: 0, cell: ({ fingerprint }) => fingerprint },
  { title: "code", align: "left", rank: 0, cell: ({ code }) => printable(code) },
  { title: "errors", align: "right", rank: 0, cell: ({ count }) => integerText(count) },
  { title: "sample", align: "left", rank: 0, isElastic: true, cell: ({ sample }) => printable(sample) },
];

/** `width` of the terminal; undefined: none. */
export function statementListText(list: StatementList, width: number | undefined): string {
  const { statements, other, statements_total: total } = list;
  const rest: Line[] = other === null ? [] : [{ fingerprint: "", statement: "(all others)", ...other }];
  const lines = [...statements, ...rest];
  if (lines.length === 0) return `There is no statement in this window.\n${coverageText(list)}`;
  const errors = lines.flatMap(({ fingerprint, errors: each }) => each.map((error) => ({ fingerprint, ...error })));
  const more =
    total > statements.length ? `${integerText(statements.length)} of ${integerText(total)} statements.\n` : "";
  return [
    `${fittedTable(COLUMNS, lines, width)}${more}${coverageText(list)}`,
    ...(errors.length === 0 ? [] : [`Errors\n${fittedTable(ERROR_COLUMNS, errors, width)}`]),
  ].join("\n");
}
