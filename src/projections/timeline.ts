// One mirroring's ledger over a window: which time was observed, and which was not and why. Pure: the rows of the ledger
// in, spans out.
//
//   states   |  before_log | observing     | mirror_down | observing      | (open)
//   gaps     |                    | crash |
//   spans    |  before_log | obs. | crash | mirror_down | observing      | unconfirmed

import type { ObservationGapRow, ObservationRow, OutageCause, RowState } from "./observation-rows.ts";
import type { Window } from "./window.ts";

/** While nothing happens the log says so at least this often; only a longer silence is a gap of its own. */
const SILENCE_US = 60_000_000;

/**
 * Why time was not observed. `before_log`: the log is younger. `not_configured`: the run had no such mirroring.
 * `disabled`: the run recorded nothing. `unconfirmed`: behind the last word of a log whose run has not ended.
 */
export type GapCause = Exclude<RowState, "observing" | "degraded"> | OutageCause | "before_log" | "unconfirmed";

/** A part of a window, `[from, to)` in microseconds since the Unix epoch; no cause: it was observed. */
interface Span extends Window {
  readonly cause: GapCause | null;
}

export interface Gap extends Window {
  readonly cause: GapCause;
}

export interface Timeline {
  readonly mirroring: string;
  /** In the order of time, without holes, from the first run of the mirroring on. */
  readonly rows: readonly ObservationRow[];
  /** In the order of time; they may overlap. */
  readonly gaps: readonly ObservationGapRow[];
  /** When the log began. */
  readonly since: number;
  /** The last moment that the log speaks of. */
  readonly recordedTo: number;
}

/** The whole window in the order of time, neighbours with different causes. */
function spansOf(timeline: Timeline, window: Window): Span[] {
  const spans: Span[] = [];
  for (const span of statesOf(timeline)) {
    const [from, to] = [Math.max(span.from, window.from), Math.min(span.to, window.to)];
    if (from < to) cut({ from, to, cause: span.cause }, timeline.gaps, spans);
  }
  return spans;
}

/** What was not observed. A silence of some seconds at the end of the log is neither observed nor a gap. */
export function gapsOf(timeline: Timeline, window: Window): Gap[] {
  return spansOf(timeline, window).flatMap(({ from, to, cause }) =>
    cause === null || (cause === "unconfirmed" && to - from <= SILENCE_US) ? [] : [{ from, to, cause }],
  );
}

/** What was observed, in order. */
export function observedSpans(timeline: Timeline, window: Window): Window[] {
  return spansOf(timeline, window).flatMap(({ from, to, cause }) => (cause === null ? [{ from, to }] : []));
}

export function observedSeconds(timeline: Timeline, window: Window): number {
  const us = spansOf(timeline, window).reduce(
    (sum, { from, to, cause }) => (cause === null ? sum + to - from : sum),
    0,
  );
  return us / 1e6;
}

/** The first of the longest ones; null without any. */
export function longestGap(gaps: readonly Gap[]): Gap | null {
  return gaps.reduce<Gap | null>(
    (longest, gap) => (longest === null || gap.to - gap.from > longest.to - longest.from ? gap : longest),
    null,
  );
}

/** All of time, from its beginning to its end. */
function* statesOf({ rows, since, recordedTo }: Timeline): Generator<Span> {
  const first = rows[0]?.from_us ?? Number.POSITIVE_INFINITY;
  yield { from: Number.NEGATIVE_INFINITY, to: Math.min(since, first), cause: "before_log" };
  yield { from: since, to: first, cause: "not_configured" };
  for (const { from_us: from, to_us: end, state } of rows) {
    const isObserved = state === "observing" || state === "degraded";
    if (end !== null) yield { from, to: end, cause: isObserved ? null : state };
    else if (!isObserved) yield { from, to: Number.POSITIVE_INFINITY, cause: state };
    else {
      const known = Math.max(from, recordedTo);
      yield { from, to: known, cause: null };
      yield { from: known, to: Number.POSITIVE_INFINITY, cause: "unconfirmed" };
    }
  }
}

/** Adds the span to `into`, with the gaps that lie in it cut out of it. */
function cut(span: Span, gaps: readonly ObservationGapRow[], into: Span[]): void {
  let from = span.from;
  for (const gap of gaps) {
    if (gap.to_us <= from) continue;
    if (gap.from_us >= span.to) break;
    if (gap.from_us > from) add({ from, to: gap.from_us, cause: span.cause }, into);
    const to = Math.min(gap.to_us, span.to);
    add({ from: Math.max(from, gap.from_us), to, cause: gap.cause }, into);
    from = to;
  }
  if (from < span.to) add({ from, to: span.to, cause: span.cause }, into);
}

function add(span: Span, into: Span[]): void {
  const last = into.at(-1);
  if (last?.cause === span.cause && last.to === span.from) into[into.length - 1] = { ...last, to: span.to };
  else into.push(span);
}
