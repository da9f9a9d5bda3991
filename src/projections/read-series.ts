// A window as a series of points, each a step of it: the same figures as of a window, read in one pass.

import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import type { LaneSpan } from "./lane-span.ts";
import { NO_LANE } from "./ledger-balance.ts";
import { Rollup } from "./rollup.ts";
import { bucketStart, ROLLUP_LEVELS } from "./rollup-levels.ts";
import { RollupReader, ROW_VALUES, spanOf } from "./rollup-reader.ts";
import type { Window } from "./window.ts";
import { keptFrom } from "./window-plan.ts";

/** Raw events of a window that may be read one by one where finer buckets have expired. */
const EVENTS_MAX = 200_000;
/** Points of one series: what memory and a chart bear. */
const SERIES_POINTS_MAX = 5000;
const SECOND_US = 1_000_000;
const STEPS_S = [
  1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

export interface SeriesPoint extends Window {
  /** Of the lanes that had events, or requests in flight, by id. */
  readonly lanes: ReadonlyMap<number, SeriesLane>;
  /** Requests that were lost to the log and belong to no known lane. */
  readonly unrecorded: number;
}

interface SeriesLane {
  readonly rollup: Rollup;
  /** Requests in flight at the end of the point; null when that is not known any more. */
  readonly inFlight: number | null;
}

export interface SeriesReading {
  readonly window: Window;
  /** See WindowReading. */
  readonly covered: Window | null;
  readonly resolution: string;
  readonly seq: number;
  /** Microseconds; longer than asked for where only coarser buckets are left. */
  readonly stepUs: number;
  /** One for each step that touches what is covered; the first and the last may be cut by its edges. */
  readonly points: readonly SeriesPoint[];
}

/** The round step, in microseconds, that cuts a window into about `points` points. */
export function stepOf({ from, to }: Window, points = 300): number {
  const seconds = (to - from) / SECOND_US / points;
  const distance = (step: number): number => Math.abs(Math.log(step / seconds));
  return STEPS_S.reduce((best, step) => (distance(step) < distance(best) ? step : best)) * SECOND_US;
}

/** `stepUs` is rounded up to whole seconds, and to what SERIES_POINTS_MAX allows. One read transaction. Throws rebuilding. */
export function readSeries(reader: LogReader, window: Window, stepUs: number): SeriesReading {
  const read = reader.db.transaction((): SeriesReading => {
    requireWhole(reader.db, ["rollups", "ledger_balance"]);
    return new Series(reader, window, stepUs).read();
  });
  return read();
}

class Series {
  readonly #rollups: RollupReader;
  readonly #reader: LogReader;
  readonly #window: Window;
  readonly #stepUs: number;

  constructor(reader: LogReader, window: Window, stepUs: number) {
    this.#reader = reader;
    this.#rollups = new RollupReader(reader);
    this.#window = window;
    this.#stepUs = this.#possibleStep(stepUs);
  }

  read(): SeriesReading {
    const stepUs = this.#stepUs;
    const levels = ROLLUP_LEVELS.filter(({ us }) => stepUs % us === 0);
    const { extent } = this.#rollups;
    const { pieces, covered, resolution } = this.#rollups.plan(this.#window, levels);
    const steps = new Map<number, Map<number, LaneSpan>>();
    const spansAt = (at: number): Map<number, LaneSpan> => {
      const step = bucketStart(at, stepUs);
      let spans = steps.get(step);
      if (spans === undefined) steps.set(step, (spans = new Map()));
      return spans;
    };
    this.#rollups.visit(pieces, {
      row: (row) => spanOf(spansAt(row[0]), row[1]).addRow(row, ROW_VALUES),
      event: (event, lane) => spanOf(spansAt(event.at), lane).addEvent(event),
    });
    const points = covered === null ? [] : this.#points(covered, steps);
    return { window: this.#window, covered, resolution, seq: extent.lastSeq, stepUs, points };
  }

  #points(covered: Window, steps: ReadonlyMap<number, Map<number, LaneSpan>>): SeriesPoint[] {
    const inFlightAt = this.#rollups.inFlightAt(covered.from);
    const flying = new Map<number, number>();
    for (const { id } of this.#reader.lanes()) flying.set(id, inFlightAt?.(id) ?? 0);
    const points: SeriesPoint[] = [];
    for (let step = bucketStart(covered.from, this.#stepUs); step < covered.to; step += this.#stepUs) {
      const spans = steps.get(step);
      const lanes = new Map<number, SeriesLane>();
      for (const [lane, before] of flying) {
        const span = spans?.get(lane);
        if (span === undefined && before === 0) continue;
        const rollup = span?.rollup ?? new Rollup();
        span?.finish(before);
        rollup.sawInFlight(before);
        const after = before + (span?.net ?? 0);
        flying.set(lane, after);
        lanes.set(lane, { rollup, inFlight: inFlightAt === null ? null : after });
      }
      const [from, to] = [Math.max(step, covered.from), Math.min(step + this.#stepUs, covered.to)];
      const unrecorded = spans?.get(NO_LANE)?.rollup.counters.unrecorded ?? 0;
      if (from < to) points.push({ from, to, lanes, unrecorded });
    }
    return points;
  }

  /** A multiple of the finest buckets that are left of the window's beginning, unless raw events can stand in for them. */
  #possibleStep(asked: number): number {
    const { from, to } = this.#window;
    const { extent, open } = this.#rollups;
    const least = Math.max(asked, SECOND_US, (to - from) / SERIES_POINTS_MAX);
    const upTo = (us: number): number => Math.ceil(least / us) * us;
    if (open === null || extent.since === null) return upTo(SECOND_US);
    const start = Math.max(from, extent.since);
    const index = ROLLUP_LEVELS.findIndex((_, level) => keptFrom(ROLLUP_LEVELS, level, open) <= start);
    const finest = ROLLUP_LEVELS[index]!;
    const areFew = this.#reader.seqAt(to) - this.#reader.seqAt(start) <= EVENTS_MAX;
    return start >= extent.rawFrom && areFew ? upTo(SECOND_US) : upTo(finest.us);
  }
}
