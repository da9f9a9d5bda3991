// A window as the admin console shows it: a line for each step and lane that had traffic in it.

import type { HistoryLine } from "../api/console/console-source.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readSeries } from "../projections/read-series.ts";
import type { Rollup } from "../projections/rollup.ts";
import type { Window } from "../projections/window.ts";

/** Steps are of `stepUs`, or longer where only coarser buckets are left. Throws rebuilding. */
export function readConsoleHistory(reader: LogReader, window: Window, stepUs: number): HistoryLine[] {
  const lanes = new Map(reader.lanes().map((lane) => [lane.id, lane]));
  return readSeries(reader, window, stepUs).points.flatMap(({ from, to, lanes: points }) =>
    [...points].flatMap(([id, { rollup }]) => {
      const lane = lanes.get(id);
      if (lane === undefined || !hasTraffic(rollup)) return [];
      return [{ from, to, mirroring: lane.mirroring, database: lane.database, ...figuresOf(rollup) }];
    }),
  );
}

function hasTraffic({ counters: { seen, mirrored, errored, dropped } }: Rollup): boolean {
  return seen + mirrored + errored + dropped > 0;
}

function figuresOf({ counters, mirror, primary }: Rollup) {
  const { seen, mirrored, errored, dropped, skipped } = counters;
  const finished = mirrored + errored + dropped;
  return {
    seen,
    mirrored,
    errored,
    dropped,
    skipped,
    successRate: finished === 0 ? null : mirrored / finished,
    mirrorP50Ms: ms(mirror, 0.5),
    mirrorP95Ms: ms(mirror, 0.95),
    mirrorP99Ms: ms(mirror, 0.99),
    primaryP50Ms: ms(primary, 0.5),
    primaryP95Ms: ms(primary, 0.95),
    primaryP99Ms: ms(primary, 0.99),
  };
}

function ms(histogram: Rollup["mirror"], q: number): number | null {
  const us = histogram.quantile(q);
  return us === null ? null : us / 1000;
}
