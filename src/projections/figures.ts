// What is said of a span of time: counts, rates and latencies of one or more lanes, as JSON. Latencies are those of mirrored
// requests, on both sides, in milliseconds; rates are shares of 1; what nobody can know is null.

import { z } from "zod";
import { ATTRIBUTIONS, PARITIES } from "../events/event.ts";
import { ATTRIBUTION_COLUMN, ERROR_TYPES, PARITY_COLUMN } from "./columns.ts";
import { latencyJson, latencySchema } from "./latency-json.ts";
import { pickColumns } from "./pick-columns.ts";
import { Rollup } from "./rollup.ts";
import type { RollupCounters } from "./rollup-counters.ts";

const count = z.int().nullable();
const share = z.number().nullable();

export const figuresSchema = z.object({
  seen: count,
  skipped: count,
  selected: count,
  mirrored: count,
  errored: count,
  dropped: count,
  unrecorded: count,
  success_rate: share.describe("mirrored ÷ (mirrored + errored + dropped)"),
  error_rate: share.describe("(errored − cascades + dropped) ÷ (mirrored + errored + dropped)"),
  drop_rate: share.describe("dropped ÷ selected"),
  divergence_rate: share.describe(
    "results that differ, or failed on the primary alone, ÷ results that could be compared",
  ),
  errors: z.record(z.enum(ERROR_TYPES), count),
  attribution: z.record(z.enum(ATTRIBUTIONS), count),
  parity: z.record(z.enum(PARITIES), count),
  latency: z.object({ mirror: latencySchema, primary: latencySchema, queue_wait: latencySchema }),
});

export type Figures = z.infer<typeof figuresSchema>;

const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Rollups of different lanes, or of spans that follow one another. */
export function figuresOf(rollups: readonly Rollup[]): Figures {
  const all = rollups.length === 1 ? rollups[0]! : sumOf(rollups);
  const { counters } = all;
  const { seen, skipped, selected, mirrored, errored, dropped, unrecorded } = counters;
  const ended = mirrored + errored + dropped;
  return {
    seen,
    skipped,
    selected,
    mirrored,
    errored,
    dropped,
    unrecorded,
    success_rate: rate(mirrored, ended),
    error_rate: rate(errored - counters.attribution_cascade + dropped, ended),
    drop_rate: rate(dropped, selected),
    divergence_rate: divergenceRate(counters),
    errors: {
      connection: counters.errors_connection,
      query: counters.errors_query,
      timeout: counters.errors_timeout,
      buffer_full: counters.dropped_buffer_full,
    },
    attribution: pickColumns(counters, ATTRIBUTION_COLUMN),
    parity: pickColumns(counters, PARITY_COLUMN),
    latency: {
      mirror: latencyJson(all.mirror, mirrored, counters.mirror_sum_us, counters.mirror_max_us),
      primary: latencyJson(all.primary, mirrored, counters.primary_sum_us, counters.primary_max_us),
      queue_wait: latencyJson(all.wait, mirrored, counters.wait_sum_us, counters.wait_max_us),
    },
  };
}

/** No request began or ended. */
export function isCalm({ seen, skipped, selected, mirrored, errored, dropped, unrecorded }: Figures): boolean {
  return [seen, skipped, selected, mirrored, errored, dropped, unrecorded].every((requests) => requests === 0);
}

function sumOf(rollups: readonly Rollup[]): Rollup {
  const sum = new Rollup();
  for (const rollup of rollups) sum.merge(rollup);
  return sum;
}

/** What is the mirror's error alone is no divergence. */
function divergenceRate(counters: RollupCounters): number | null {
  const { parity_different_rows: rows, parity_different_content: content } = counters;
  const { parity_different_error: error, parity_primary_failed: primaryFailed } = counters;
  const { parity_match: match, parity_both_failed: bothFailed, parity_mirror_failed: mirrorFailed } = counters;
  const divergences = rows + content + error + primaryFailed;
  return rate(divergences, divergences + match + bothFailed + mirrorFailed);
}
