// One statement on one lane over one span of time: what became of its requests, its errors, both sides' latencies, and
// all of it as a row of a table.

import type { EventOf } from "../events/event.ts";
import { PARITY_COLUMN, PARITY_COUNTERS } from "./columns.ts";
import { concatenatedHistograms, Histogram } from "./histogram.ts";
import { parityOf } from "./outcome.ts";
import { StatementErrors } from "./statement-errors.ts";

const sums = {
  mirrored: 0,
  errored: 0,
  dropped: 0,
  /** Errored, as the consequence of an earlier difference in the transaction. */
  cascades: 0,
  /** Mirrored, but such a consequence. */
  consequences: 0,
  ...PARITY_COUNTERS,
  /** Of mirrored requests. */
  mirror_sum_us: 0,
  primary_sum_us: 0,
};
const maxima = { mirror_max_us: 0, primary_max_us: 0 };

export type StatementCounters = typeof sums & typeof maxima;

type Key<T> = Extract<keyof T, string>;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
const SUMS = Object.keys(sums) as Key<typeof sums>[];
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
const MAXIMA = Object.keys(maxima) as Key<typeof maxima>[];
const COUNTERS: readonly Key<StatementCounters>[] = [...SUMS, ...MAXIMA];

const COMMON: ReadonlySet<string> = new Set(["mirrored", "parity_match", "mirror_sum_us", "primary_sum_us"]);
/** Counters that are 0 where all went well. */
export const RARE_STATEMENT_COUNTERS: ReadonlySet<string> = new Set(SUMS.filter((name) => !COMMON.has(name)));

export const STATEMENT_COLUMNS = [...COUNTERS, "errors", "mirror_histogram", "primary_histogram"] as const;

/** What adds the rows of a table up: an expression for each of STATEMENT_COLUMNS but `errors`, which is null. */
export const STATEMENT_SUMS = [
  ...SUMS.map((name) => `sum(${name})`),
  ...MAXIMA.map((name) => `max(${name})`),
  "null",
  concatenatedHistograms("mirror_histogram"),
  concatenatedHistograms("primary_histogram"),
];

/** The values of STATEMENT_COLUMNS. */
export type StatementValue = number | string | Uint8Array | null;

export type Outcome = EventOf<"mirrored" | "errored" | "dropped">;

export class StatementRollup {
  readonly counters: StatementCounters = { ...sums, ...maxima };
  /** Latencies of mirrored requests, microseconds. */
  readonly mirror = new Histogram();
  readonly primary = new Histogram();
  #errors: StatementErrors | null = null; // most statements have none

  get errors(): StatementErrors | null {
    return this.#errors;
  }

  /** Requests that ended. */
  get calls(): number {
    return this.counters.mirrored + this.counters.errored + this.counters.dropped;
  }

  /** Requests that somebody should look at. */
  get problems(): number {
    const { errored, dropped, parity_primary_failed, parity_different_error } = this.counters;
    const { parity_different_rows, parity_different_content } = this.counters;
    const differences =
      parity_primary_failed + parity_different_error + parity_different_rows + parity_different_content;
    return errored + dropped + differences;
  }

  add(event: Outcome): void {
    const { counters } = this;
    counters[event.kind]++;
    if (event.kind === "dropped") return;
    const parity = parityOf(event);
    if (parity !== null) counters[PARITY_COLUMN[parity]]++;
    if (event.kind === "errored") {
      if (event.attribution === "cascade") counters.cascades++;
      (this.#errors ??= new StatementErrors()).add(event);
      return;
    }
    const { mirrorUs, primaryUs } = event;
    if (event.root !== null) counters.consequences++;
    counters.mirror_sum_us += mirrorUs;
    counters.primary_sum_us += primaryUs;
    if (mirrorUs > counters.mirror_max_us) counters.mirror_max_us = mirrorUs;
    if (primaryUs > counters.primary_max_us) counters.primary_max_us = primaryUs;
    this.mirror.add(mirrorUs);
    this.primary.add(primaryUs);
  }

  /** Adds a span that comes behind this one. */
  merge(later: StatementRollup): void {
    for (const name of SUMS) this.counters[name] += later.counters[name];
    for (const name of MAXIMA) this.#raise(name, later.counters[name]);
    if (later.#errors !== null) (this.#errors ??= new StatementErrors()).merge(later.#errors);
    this.mirror.merge(later.mirror);
    this.primary.merge(later.primary);
  }

  /** Adds a stored span that comes behind this one, given as the values of STATEMENT_COLUMNS from `values[first]` on. */
  mergeRow(values: readonly StatementValue[], first: number): void {
    let next = first;
    for (const name of SUMS) this.counters[name] += Number(values[next++]);
    for (const name of MAXIMA) this.#raise(name, Number(values[next++]));
    const [errors, mirror, primary] = [values[next], values[next + 1], values[next + 2]];
    if (typeof errors === "string") this.mergeErrors(errors);
    if (mirror instanceof Uint8Array) this.mirror.mergeEncoded(mirror);
    if (primary instanceof Uint8Array) this.primary.mergeEncoded(primary);
  }

  /** Adds the stored errors of a span that comes behind this one. */
  mergeErrors(text: string): void {
    (this.#errors ??= new StatementErrors()).mergeEncoded(text);
  }

  /** The values of STATEMENT_COLUMNS. */
  row(): StatementValue[] {
    const values: StatementValue[] = COUNTERS.map((name) => this.counters[name]);
    const [mirror, primary] = [this.mirror.encode(), this.primary.encode()];
    values.push(this.#errors?.encode() ?? null, mirror.length > 0 ? mirror : null, primary.length > 0 ? primary : null);
    return values;
  }

  #raise(name: Key<typeof maxima>, value: number): void {
    if (value > this.counters[name]) this.counters[name] = value;
  }
}
