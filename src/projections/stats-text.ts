// MirrorStats as tables for people: what became of the requests, the mirror's errors, and how the results compare.

import { PARITIES } from "../events/event.ts";
import { ERROR_COLUMN, ERROR_TYPES, PARITY_COLUMN } from "./columns.ts";
import { printable } from "./printable.ts";
import type { StatsSnapshot } from "./read-stats.ts";
import { formatMoment } from "./rfc3339.ts";
import { inFlightOf, meanLatencyMs, type StatsRow } from "./stats-row.ts";
import { textTable, type TextColumn } from "./text-table.ts";

interface Line {
  readonly mirroring: string;
  readonly database: string;
  readonly stats: StatsRow;
}

const NONE = "-";
const integer = (value: number): string => value.toLocaleString("en-US");
const ms = (value: number | null): string => (value === null ? NONE : value.toFixed(2));
const moment = (us: number | null): string => (us === null ? "never" : formatMoment(us).replace(/\.\d+/, ""));

const number = (title: string, value: (stats: StatsRow) => number): TextColumn<Line> => ({
  title,
  align: "right",
  cell: ({ stats }) => integer(value(stats)),
});
const text = (title: string, cell: (line: Line) => string): TextColumn<Line> => ({ title, align: "left", cell });
const latency = (title: string, value: (stats: StatsRow) => number | null): TextColumn<Line> => ({
  title,
  align: "right",
  cell: ({ stats }) => ms(value(stats)),
});

const WHO = [
  text("mirroring", ({ mirroring }) => printable(mirroring)),
  text("database", ({ database }) => printable(database)),
];
const REQUESTS = [
  ...WHO,
  number("seen", (stats) => stats.requests_total),
  number("skipped", (stats) => stats.requests_skipped),
  number("mirrored", (stats) => stats.requests_mirrored),
  number("errored", (stats) => stats.requests_errored),
  number("dropped", (stats) => stats.requests_dropped),
  number("in flight", inFlightOf),
  latency("mean ms", (stats) => meanLatencyMs([stats])),
  latency("max ms", (stats) => (stats.latency_count === 0 ? null : stats.latency_max_us / 1000)),
  text("last success", ({ stats }) => moment(stats.last_success)),
];
const ERRORS = [
  ...WHO,
  ...ERROR_TYPES.map((type) => number(type, (stats) => stats[ERROR_COLUMN[type]])),
  number("cascades", (stats) => stats.cascades),
  number("errors in a row", (stats) => stats.consecutive_errors),
  number("successes in a row", (stats) => stats.consecutive_successes),
  text("last error", ({ stats }) => moment(stats.last_error)),
];
const PARITY = [...WHO, ...PARITIES.map((parity) => number(parity, (stats) => stats[PARITY_COLUMN[parity]]))];

/** The report of `pgsoak stats`; a log without traffic has a total of zeroes. */
export function statsText({ total, lanes }: StatsSnapshot): string {
  const lines: Line[] = [...lanes, { mirroring: "total", database: "", stats: total }];
  const lost = total.requests_unrecorded;
  return [
    `Requests since the last reset\n${textTable(REQUESTS, lines)}`,
    `Errors of the mirror\n${textTable(ERRORS, lines)}`,
    `Results compared\n${textTable(PARITY, lines)}`,
    ...(lost > 0 ? [`${integer(lost)} requests were seen but lost to the log.\n`] : []),
  ].join("\n");
}
