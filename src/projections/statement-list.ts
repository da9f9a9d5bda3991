// GET /statements and `pgsoak statements`: what became of each statement in a window, the worst first.

import { z } from "zod";
import { PARITIES } from "../events/event.ts";
import type { Lane } from "../events/lanes.ts";
import type { LogReader } from "../events/log-reader.ts";
import { PARITY_COLUMN } from "./columns.ts";
import { coverageJson, coverageSchema } from "./coverage-json.ts";
import { createEventNames } from "./event-names.ts";
import { latencyJson, latencySchema } from "./latency-json.ts";
import { pickColumns } from "./pick-columns.ts";
import { readStatements } from "./read-statements.ts";
import { isSelected, type Selection } from "./selection.ts";
import { StatementRollup } from "./statement-rollup.ts";
import { bySort, type StatementSort } from "./statement-sort.ts";
import type { Window } from "./window.ts";

/** Both sides' latencies are those of the same requests; of fewer a p95 says nothing. */
const RATIO_EXECUTIONS_MIN = 30;

const count = z.int().nonnegative();

const figuresSchema = z.object({
  calls: count.describe("mirrored + errored + dropped"),
  mirrored: count,
  errored: count,
  dropped: count,
  cascades: count.describe("errored, as the consequence of an earlier difference in the transaction"),
  divergences: count.describe("results that differ, or failed on the primary alone"),
  errors: z.array(
    z.object({
      code: z.string().describe("SQLSTATE; the category of an error without one; `other` beyond eight"),
      count,
      sample: z.string().describe("the first message, redacted"),
    }),
  ),
  parity: z.record(z.enum(PARITIES), count),
  latency: z.object({ mirror: latencySchema, primary: latencySchema }),
  latency_ratio: z.number().nullable().describe("mirror p95 ÷ primary p95; null under 30 executions on both sides"),
});

const placeSchema = z.object({
  mirroring: z.string(),
  database: z.string(),
  calls: count,
  errored: count,
  dropped: count,
  divergences: count,
});

const statementSchema = z.object({
  fingerprint: z.string(),
  statement: z.string(),
  ...figuresSchema.shape,
  places: z.array(placeSchema).describe("the same counts by mirroring and database"),
});

export const statementListSchema = z.object({
  ...coverageSchema.shape,
  statements_total: count.describe("how many the window has"),
  statements: z.array(statementSchema),
  other: figuresSchema.nullable().describe("what the log or a bucket did not tell apart"),
});

type Place = z.infer<typeof placeSchema>;
type StatementFigures = z.infer<typeof figuresSchema>;
export type ListedStatement = z.infer<typeof statementSchema>;
export type StatementList = z.infer<typeof statementListSchema>;

export interface StatementListQuery extends Selection {
  readonly window: Window;
  readonly sort: StatementSort;
  readonly limit: number;
}

/** One snapshot; a statement's lanes are added up. Throws rebuilding. */
export function readStatementList(reader: LogReader, query: StatementListQuery): StatementList {
  const read = reader.db.transaction((): StatementList => {
    const reading = readStatements(reader, query.window);
    const lanes = new Map(reader.lanes().flatMap((lane) => (isSelected(query, lane) ? [[lane.id, lane]] : [])));
    const rollups = new Map<number, StatementRollup>();
    const places = new Map<number, Place[]>();
    for (const { lane: id, statement, rollup } of reading.statements) {
      const lane = lanes.get(id);
      if (lane === undefined) continue;
      places.set(statement, [...(places.get(statement) ?? []), placeOf(lane, rollup)]);
      const known = rollups.get(statement);
      if (known === undefined) rollups.set(statement, rollup);
      else known.merge(rollup);
    }
    const names = createEventNames(reader.db);
    const statements = [...rollups].flatMap(([id, rollup]): ListedStatement[] => {
      const name = names.statement(id);
      if (name === null) return [];
      const { fingerprint, text } = name;
      return [{ fingerprint, statement: text, ...figuresOf(rollup), places: places.get(id) ?? [] }];
    });
    const rest = [...rollups].filter(([id]) => names.statement(id) === null);
    return {
      ...coverageJson(reading),
      statements_total: statements.length,
      statements: statements.toSorted(bySort(query.sort)).slice(0, query.limit),
      other: rest.length === 0 ? null : figuresOf(sumOf(rest.map(([, rollup]) => rollup))),
    };
  });
  return read();
}

function placeOf({ mirroring, database }: Lane, rollup: StatementRollup): Place {
  const { errored, dropped } = rollup.counters;
  const divergences = rollup.problems - errored - dropped;
  return { mirroring, database, calls: rollup.calls, errored, dropped, divergences };
}

function sumOf(rollups: readonly StatementRollup[]): StatementRollup {
  const sum = new StatementRollup();
  for (const rollup of rollups) sum.merge(rollup);
  return sum;
}

function figuresOf(rollup: StatementRollup): StatementFigures {
  const { counters, mirror, primary } = rollup;
  const { mirrored, errored, dropped, cascades } = counters;
  const errors = [...(rollup.errors?.byCode() ?? [])].map(([code, error]) => {
    return { code, count: error.count, sample: error.message };
  });
  return {
    calls: rollup.calls,
    mirrored,
    errored,
    dropped,
    cascades,
    divergences: rollup.problems - errored - dropped,
    errors: errors.toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
    parity: pickColumns(counters, PARITY_COLUMN),
    latency: {
      mirror: latencyJson(mirror, mirrored, counters.mirror_sum_us, counters.mirror_max_us),
      primary: latencyJson(primary, mirrored, counters.primary_sum_us, counters.primary_max_us),
    },
    latency_ratio: ratioOf(rollup),
  };
}

function ratioOf({ mirror, primary }: StatementRollup): number | null {
  if (Math.min(mirror.count, primary.count) < RATIO_EXECUTIONS_MIN) return null;
  const [ours, theirs] = [mirror.quantile(0.95)!, primary.quantile(0.95)!];
  return theirs === 0 ? null : Number((ours / theirs).toFixed(3));
}
