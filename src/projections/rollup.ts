// One lane over one span of time: its counters, its three histograms, and both as a row of a table.

import { concatenatedHistograms, Histogram } from "./histogram.ts";
import {
  blankRollupCounters,
  countEvent,
  type LaneEvent,
  mergeRollupCounters,
  ROLLUP_COUNTER_SUMS,
  ROLLUP_COUNTERS,
  type RollupCounters,
} from "./rollup-counters.ts";

export const ROLLUP_COLUMNS = [...ROLLUP_COUNTERS, "mirror_histogram", "primary_histogram", "wait_histogram"] as const;

/** What adds the rows of a table up, an expression for each of ROLLUP_COLUMNS; consecutive_successes is left at 0. */
export const ROLLUP_SUMS = [
  ...ROLLUP_COUNTER_SUMS,
  "0",
  ...["mirror_histogram", "primary_histogram", "wait_histogram"].map((column) => concatenatedHistograms(column)),
];
/** Where consecutive_successes is among ROLLUP_COLUMNS. */
export const SUCCESSES_INDEX = ROLLUP_COUNTER_SUMS.length;

/** The values of ROLLUP_COLUMNS. */
export type RollupValue = number | Uint8Array | null;

export class Rollup {
  readonly counters: RollupCounters = blankRollupCounters();
  /** Latencies of mirrored requests, microseconds. */
  readonly mirror = new Histogram();
  readonly primary = new Histogram();
  /** How long they waited in the mirror queue. */
  readonly wait = new Histogram();

  add(event: LaneEvent): void {
    countEvent(this.counters, event);
    if (event.kind !== "mirrored") return;
    this.mirror.add(event.mirrorUs);
    this.primary.add(event.primaryUs);
    this.wait.add(event.waitUs);
  }

  /** `requests` are in flight now. */
  sawInFlight(requests: number): void {
    if (requests > this.counters.peak_in_flight) this.counters.peak_in_flight = requests;
  }

  /** Adds a span that comes behind this one. */
  merge(later: Rollup): void {
    mergeRollupCounters(this.counters, later.counters);
    this.mirror.merge(later.mirror);
    this.primary.merge(later.primary);
    this.wait.merge(later.wait);
  }

  /** Adds a stored span that comes behind this one, given as the values of ROLLUP_COLUMNS from `values[first]` on. */
  mergeRow(values: readonly RollupValue[], first: number): void {
    const later = blankRollupCounters();
    for (let i = 0; i < ROLLUP_COUNTERS.length; i++) later[ROLLUP_COUNTERS[i]!] = Number(values[first + i]);
    mergeRollupCounters(this.counters, later);
    const histograms = first + ROLLUP_COUNTERS.length;
    mergeBytes(this.mirror, values[histograms]);
    mergeBytes(this.primary, values[histograms + 1]);
    mergeBytes(this.wait, values[histograms + 2]);
  }

  /** The values of ROLLUP_COLUMNS. */
  row(): RollupValue[] {
    const values: RollupValue[] = ROLLUP_COUNTERS.map((name) => this.counters[name]);
    values.push(bytesOf(this.mirror), bytesOf(this.primary), bytesOf(this.wait));
    return values;
  }
}

function mergeBytes(histogram: Histogram, value: RollupValue | undefined): void {
  if (value instanceof Uint8Array) histogram.mergeEncoded(value);
}

function bytesOf(histogram: Histogram): Uint8Array | null {
  const bytes = histogram.encode();
  return bytes.length === 0 ? null : bytes;
}
