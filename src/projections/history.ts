// GET /history and `pgsoak history`: a window as a series of points, each with its figures. Where nobody was watching the
// figures are null, so that a chart shows a gap and not a calm.

import { z } from "zod";
import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import { coverageJson, coverageSchema, windowJson } from "./coverage-json.ts";
import { UNKNOWN_FIGURES } from "./figure-tree.ts";
import { figuresOf, figuresSchema, isCalm } from "./figures.ts";
import { observedByAny, secondsIn } from "./observed-spans.ts";
import { readObservations } from "./read-observations.ts";
import { readSeries, type SeriesPoint } from "./read-series.ts";
import { Rollup } from "./rollup.ts";
import { isEverything, isSelected, type Selection } from "./selection.ts";
import type { Window } from "./window.ts";

const NEEDED = ["rollups", "ledger_balance", "observations"];

const pointSchema = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  observed_seconds: z.number().describe("in which at least one of the mirrorings was observed"),
  in_flight: z.int().nullable().describe("selected and without an outcome, at the end of the point"),
  peak_in_flight: z.int().nullable().describe("the most at once on one mirroring and database"),
  ...figuresSchema.shape,
});

export const historySchema = z.object({
  ...coverageSchema.shape,
  step_seconds: z.number().describe("longer than asked for where only coarser buckets are left"),
  points: z.array(pointSchema),
});

export type HistoryPoint = z.infer<typeof pointSchema>;
export type History = z.infer<typeof historySchema>;

export interface HistoryQuery extends Selection {
  readonly window: Window;
  /** Microseconds. */
  readonly stepUs: number;
}

/** One snapshot. Throws rebuilding. */
export function readHistory(reader: LogReader, query: HistoryQuery): Promise<History> {
  const { window, stepUs: asked } = query;
  return reader.kysely.transaction().execute(async (db) => {
    requireWhole(reader.db, NEEDED);
    const series = readSeries(reader, window, asked);
    const { timelines } = await readObservations(db, window);
    const own = timelines.filter(({ mirroring }) => mirroring === (query.mirroring ?? mirroring));
    const lanes = new Set(reader.lanes().flatMap((lane) => (isSelected(query, lane) ? [lane.id] : [])));
    const seconds = secondsIn(observedByAny(own, window), series.points);
    const points = series.points.map((point, index) => pointJson(point, query, lanes, seconds[index]!));
    return { ...coverageJson(series), step_seconds: series.stepUs / 1e6, points };
  });
}

function pointJson(point: SeriesPoint, query: Selection, ids: ReadonlySet<number>, seconds: number): HistoryPoint {
  const lanes = [...point.lanes].flatMap(([id, lane]) => (ids.has(id) ? [lane] : []));
  const rollups = lanes.map(({ rollup }) => rollup);
  if (isEverything(query) && point.unrecorded > 0) rollups.push(lost(point.unrecorded));
  const inFlight = lanes.reduce<number | null>(
    (sum, lane) => (sum === null || lane.inFlight === null ? null : sum + lane.inFlight),
    0,
  );
  const figures = figuresOf(rollups);
  const isGap = seconds === 0 && isCalm(figures);
  return {
    ...windowJson(point),
    observed_seconds: seconds,
    in_flight: isGap ? null : inFlight,
    peak_in_flight: isGap ? null : Math.max(0, ...rollups.map(({ counters }) => counters.peak_in_flight)),
    ...(isGap ? UNKNOWN_FIGURES : figures),
  };
}

/** Requests that the log lost and that belong to no known lane. */
function lost(requests: number): Rollup {
  const rollup = new Rollup();
  rollup.counters.unrecorded = requests;
  return rollup;
}
