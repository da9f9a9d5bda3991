// Two windows side by side as a table for people: a line a figure.

import type { Comparison } from "./comparison.ts";
import { coverageText, integerText, momentText, msText, percentText, ratioText } from "./figure-text.ts";
import { textTable, type TextColumn } from "./text-table.ts";

type Maybe = number | null;
type Side = Comparison["difference"];

interface Line {
  readonly name: string;
  readonly value: (side: Side) => Maybe;
  readonly text: (value: Maybe) => string;
}

const counts = ["seen", "skipped", "selected", "mirrored", "errored", "dropped", "unrecorded"] as const;
const errors = ["connection", "query", "timeout", "buffer_full"] as const;
const quantiles = ["mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms"] as const;

const LINES: readonly Line[] = [
  ...counts.map((name): Line => ({ name, value: (side) => side[name], text: integerText })),
  { name: "seen per second", value: (side) => side.seen_per_second, text: ratioText },
  { name: "success rate", value: (side) => side.success_rate, text: percentText },
  { name: "error rate", value: (side) => side.error_rate, text: percentText },
  { name: "drop rate", value: (side) => side.drop_rate, text: percentText },
  { name: "divergence rate", value: (side) => side.divergence_rate, text: percentText },
  ...errors.map((name): Line => ({ name: `errors: ${name}`, value: (side) => side.errors[name], text: integerText })),
  ...(["mirror", "primary"] as const).flatMap((who) =>
    quantiles.map((name): Line => {
      return { name: `${who} ${name.replace("_", " ")}`, value: ({ latency }) => latency[who][name], text: msText };
    }),
  ),
  { name: "queue wait p95 ms", value: ({ latency }) => latency.queue_wait.p95_ms, text: msText },
];

/** Which window it is, and how much of it was observed. */
function about(name: string, side: Comparison["a"]): string {
  const { from, to, seconds, observed_seconds: observed } = side;
  const share = percentText(seconds === 0 ? null : observed / seconds);
  return `${name}  ${momentText(from)} to ${momentText(to)}, observed ${share}\n${coverageText(side)}`;
}

export function comparisonText(comparison: Comparison): string {
  const { a, b, difference } = comparison;
  const signed = ({ value, text }: Line): string =>
    `${(value(difference) ?? 0) > 0 ? "+" : ""}${text(value(difference))}`;
  const columns: readonly TextColumn<Line>[] = [
    { title: "", align: "left", cell: ({ name }) => name },
    { title: "a", align: "right", cell: ({ value, text }) => text(value(a)) },
    { title: "b", align: "right", cell: ({ value, text }) => text(value(b)) },
    { title: "b - a", align: "right", cell: signed },
  ];
  return `${about("a", a)}${about("b", b)}\n${textTable(columns, LINES)}`;
}
