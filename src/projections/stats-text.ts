// MirrorStats as tables for people: what became of the requests, the mirror's errors, and how the results compare.

import { PARITIES, type Parity } from "../events/event.ts";
import { ERROR_COLUMN, ERROR_TYPES, PARITY_COLUMN } from "./columns.ts";
import { fittedTable, type FittedColumn } from "./fitted-table.ts";
import { printable } from "./printable.ts";
import type { StatsSnapshot } from "./read-stats.ts";
import { formatMoment } from "./rfc3339.ts";
import { inFlightOf, meanLatencyMs, type StatsRow } from "./stats-row.ts";

interface Line {
  readonly mirroring: string;
  readonly database: string;
  readonly stats: StatsRow;
}

const NONE = "-";
const integer = (value: number): string => value.toLocaleString("en-US");
const ms = (value: number | null): string => (value === null ? NONE : value.toFixed(2));
const moment = (us: number | null): string => (us === null ? "never" : formatMoment(us).replace(/\.\d+/, ""));

const number = (rank: number, title: string, value: (stats: StatsRow) => number): FittedColumn<Line> => ({
  title,
  align: "right",
  rank,
  cell: ({ stats }) => integer(value(stats)),
});
const text = (rank: number, title: string, cell: (line: Line) => string): FittedColumn<Line> => ({
  title,
  align: "left",
  rank,
  cell,
});
const latency = (rank: number, title: string, value: (stats: StatsRow) => number | null): FittedColumn<Line> => ({
  title,
  align: "right",
  rank,
  cell: ({ stats }) => ms(value(stats)),
});

const WHO = [
  text(0, "mirroring", ({ mirroring }) => printable(mirroring)),
  text(0, "database", ({ database }) => printable(database)),
];
const REQUESTS = [
  ...WHO,
  number(0, "seen", (stats) => stats.requests_total),
  number(1, "skipped", (stats) => stats.requests_skipped),
  number(0, "mirrored", (stats) => stats.requests_mirrored),
  number(0, "errored", (stats) => stats.requests_errored),
  number(0, "dropped", (stats) => stats.requests_dropped),
  number(3, "in flight", inFlightOf),
  latency(1, "mean ms", (stats) => meanLatencyMs([stats])),
  latency(2, "max ms", (stats) => (stats.latency_count === 0 ? null : stats.latency_max_us / 1000)),
  text(2, "last success", ({ stats }) => moment(stats.last_success)),
];
const ERRORS = [
  ...WHO,
  ...ERROR_TYPES.map((type) => number(0, type, (stats) => stats[ERROR_COLUMN[type]])),
  number(2, "cascades", (stats) => stats.cascades),
  number(1, "errors in a row", (stats) => stats.consecutive_errors),
  number(1, "successes in a row", (stats) => stats.consecutive_successes),
  text(3, "last error", ({ stats }) => moment(stats.last_error)),
];
const PARITY_RANK: Readonly<Record<Parity, number>> = {
  match: 0,
  mirror_failed: 0,
  different_rows: 0,
  different_error: 1,
  primary_failed: 1,
  different_content: 2,
  unverifiable: 2,
  both_failed: 3,
};
const PARITY = [
  ...WHO,
  ...PARITIES.map((parity) => number(PARITY_RANK[parity], parity, (stats) => stats[PARITY_COLUMN[parity]])),
];

/** The report of `pgsoak stats`; a log without traffic has a total of zeroes. `width`: the terminal's, in characters. */
export function statsText({ total, lanes }: StatsSnapshot, width: number | undefined): string {
  const lines: Line[] = [...lanes, { mirroring: "total", database: "", stats: total }];
  const lost = total.requests_unrecorded;
  return [
    `Requests since the last reset\n${fittedTable(REQUESTS, lines, width)}`,
    `Errors of the mirror\n${fittedTable(ERRORS, lines, width)}`,
    `Results compared\n${fittedTable(PARITY, lines, width)}`,
    ...(lost > 0 ? [`${integer(lost)} requests were seen but lost to the log.\n`] : []),
  ].join("\n");
}
