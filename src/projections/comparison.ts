// GET /compare and `pgsoak compare`: two windows side by side, of one snapshot, and what is different.

import { z } from "zod";
import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import { coverageJson, coverageSchema } from "./coverage-json.ts";
import { differenceOf, UNKNOWN_FIGURES } from "./figure-tree.ts";
import { figuresOf, figuresSchema, isCalm } from "./figures.ts";
import { observedByAny, secondsIn } from "./observed-spans.ts";
import { readObservations } from "./read-observations.ts";
import { readWindow } from "./read-window.ts";
import { Rollup } from "./rollup.ts";
import { isEverything, isSelected, type Selection } from "./selection.ts";
import type { Window } from "./window.ts";

const NEEDED = ["rollups", "ledger_balance", "observations"];

const sideSchema = z.object({
  ...coverageSchema.shape,
  seconds: z.number(),
  observed_seconds: z.number().describe("in which at least one of the mirrorings was observed"),
  seen_per_second: z.number().nullable().describe("of observed time"),
  ...figuresSchema.shape,
});

export const comparisonSchema = z.object({
  a: sideSchema,
  b: sideSchema,
  difference: z
    .object({ seen_per_second: z.number().nullable(), ...figuresSchema.shape })
    .describe("b − a; null where either is"),
});

type Side = z.infer<typeof sideSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;

export interface ComparisonQuery extends Selection {
  readonly a: Window;
  readonly b: Window;
}

/** Throws rebuilding. */
export function readComparison(reader: LogReader, query: ComparisonQuery): Promise<Comparison> {
  return reader.kysely.transaction().execute(async (db) => {
    requireWhole(reader.db, NEEDED);
    const side = async (window: Window): Promise<Side> => {
      const reading = readWindow(reader, window);
      const { timelines } = await readObservations(db, window);
      const own = timelines.filter(({ mirroring }) => mirroring === (query.mirroring ?? mirroring));
      const rollups = reading.lanes.filter((lane) => isSelected(query, lane)).map(({ rollup }) => rollup);
      const lost = new Rollup();
      lost.counters.unrecorded = isEverything(query) ? reading.unrecorded : 0;
      const known = reading.covered ?? { from: window.to, to: window.to };
      const observed = secondsIn(observedByAny(own, known), [known])[0]!;
      const figures = figuresOf([...rollups, lost]);
      return {
        ...coverageJson(reading),
        seconds: (window.to - window.from) / 1e6,
        observed_seconds: observed,
        seen_per_second: observed === 0 ? null : (figures.seen ?? 0) / observed,
        ...(observed === 0 && isCalm(figures) ? UNKNOWN_FIGURES : figures),
      };
    };
    const [a, b] = [await side(query.a), await side(query.b)];
    return { a, b, difference: differenceOfSides(a, b) };
  });
}

function differenceOfSides(a: Side, b: Side): Comparison["difference"] {
  const [before, after] = [a.seen_per_second, b.seen_per_second];
  const pace = before === null || after === null ? null : after - before;
  return { seen_per_second: pace, ...differenceOf(figuresSchema.parse(a), figuresSchema.parse(b)) };
}
