import { blankStatsRow } from "../../projections/stats-row.ts";
import { statsJson, type StatsJson } from "../../projections/stats-json.ts";
import { type Cell, type Column, float8, int8, text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";

type Counters = StatsJson["total"];

/** The names of GET /stats; what is nested there has a column each here, `parity_match`. */
function cellsOf(counters: Counters): [name: string, cell: Cell][] {
  return Object.entries(counters).flatMap(([name, value]): [string, Cell][] => {
    if (typeof value !== "object" || value === null) return [[name, value]];
    return Object.entries(value).map(([inner, count]) => [`${name}_${inner}`, count]);
  });
}

function row(mirroring: string, database: string, counters: Counters): Cell[] {
  return [mirroring, database, ...cellsOf(counters).map(([, cell]) => cell)];
}

const isText = (name: string): boolean => name === "last_success" || name === "last_error";
const isMs = (name: string): boolean => name.endsWith("_ms");

const blank = statsJson({ seq: 0, since: null, total: blankStatsRow(), unrecorded: 0, lanes: [] }).total;
const counterColumns = cellsOf(blank).map(([name]): Column => {
  return isText(name) ? text(name) : isMs(name) ? float8(name) : int8(name);
});

/** A row for each mirroring × database, and one for all of them together. */
export const showMirrorStats: ConsoleCommand = {
  name: "SHOW MIRROR_STATS",
  syntax: "SHOW MIRROR_STATS",
  description: "the counters since the last reset, for each mirroring and database, and in total",
  columns: [text("mirroring"), text("database"), ...counterColumns],
  changes: false,
  parse: alone(async ({ source }) => {
    const { total, mirrorings } = statsJson(await source.stats());
    const lanes = mirrorings.map(({ mirroring, database, ...counters }) => row(mirroring, database, counters));
    return [...lanes, row("total", "*", total)];
  }),
};
