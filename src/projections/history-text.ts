// The history as a table for people: a line a point, and one for a whole gap.

import { coverageText, integerText, momentText, msText, percentText } from "./figure-text.ts";
import { fittedTable, type FittedColumn } from "./fitted-table.ts";
import type { History, HistoryPoint } from "./history.ts";
import type { LatencyJson } from "./latency-json.ts";

const right = (title: string, rank: number, cell: (point: HistoryPoint) => string): FittedColumn<HistoryPoint> => {
  return { title, align: "right", rank, cell };
};
const latency = (
  side: "mirror" | "primary",
  quantile: string,
  value: keyof LatencyJson,
  rank: number,
): FittedColumn<HistoryPoint> =>
  right(`${side} ${quantile}`, rank, ({ latency: latencies }) => msText(latencies[side][value]));

const COLUMNS: readonly FittedColumn<HistoryPoint>[] = [
  { title: "from", align: "left", rank: 0, cell: ({ from }) => momentText(from) },
  right("observed", 3, ({ from, to, observed_seconds: observed }) =>
    percentText((observed * 1000) / (Date.parse(to) - Date.parse(from))),
  ),
  right("seen", 0, ({ seen }) => integerText(seen)),
  right("skipped", 4, ({ skipped }) => integerText(skipped)),
  right("mirrored", 1, ({ mirrored }) => integerText(mirrored)),
  right("errored", 0, ({ errored }) => integerText(errored)),
  right("dropped", 0, ({ dropped }) => integerText(dropped)),
  right("success", 0, ({ success_rate: rate }) => percentText(rate)),
  latency("mirror", "p50 ms", "p50_ms", 5),
  latency("mirror", "p95 ms", "p95_ms", 2),
  latency("mirror", "p99 ms", "p99_ms", 6),
  latency("primary", "p50 ms", "p50_ms", 5),
  latency("primary", "p95 ms", "p95_ms", 2),
  latency("primary", "p99 ms", "p99_ms", 6),
];

/** Points in which nobody was watching, one behind the other, are one line. */
function withoutRepeats(points: readonly HistoryPoint[]): HistoryPoint[] {
  const lines: HistoryPoint[] = [];
  for (const point of points) {
    const last = lines.at(-1);
    if (point.seen === null && last?.seen === null) lines[lines.length - 1] = { ...last, to: point.to };
    else lines.push(point);
  }
  return lines;
}

/** `width` of the terminal; undefined: none. */
export function historyText(history: History, width: number | undefined): string {
  const { points, step_seconds: step } = history;
  if (points.length === 0 && history.covered !== null) return "There is nothing in this window.\n";
  const steps = `Points of ${integerText(step)} s; a dash: nobody was watching, or nothing can be said.\n`;
  return `${fittedTable(COLUMNS, withoutRepeats(points), width)}${steps}${coverageText(history)}`;
}
