// Reads the pieces of a plan: rows of rollups and raw events, in the order of time, inside one read transaction.

import type { MirrorEvent } from "../events/event.ts";
import type { LogReader } from "../events/log-reader.ts";
import { type KnownExtent, readKnownExtent } from "./log-extent.ts";
import { LaneSpan, laneOf } from "./lane-span.ts";
import { ROLLUP_COLUMNS, ROLLUP_SUMS, type RollupValue, SUCCESSES_INDEX } from "./rollup.ts";
import { ROLLUP_LEVELS, type RollupLevel } from "./rollup-levels.ts";
import type { Window } from "./window.ts";
import { type Piece, planWindow, type WindowPlan } from "./window-plan.ts";

/** Bucket, lane and the values of ROLLUP_COLUMNS. */
type RollupRow = readonly [bucket: number, lane: number, ...RollupValue[]];
/** Where the values of ROLLUP_COLUMNS begin in it. */
export const ROW_VALUES = 2;

/** What a visitor is handed. */
export interface PieceVisitor {
  /** Rows of different lanes may come in any order, those of one lane come in the order of time. */
  row(row: RollupRow): void;
  event(event: MirrorEvent, lane: number): void;
}

/** Visits the events with from <= at < to. */
function scanWindow(reader: LogReader, { from, to }: Window, visit: (event: MirrorEvent) => void): void {
  const first = reader.seqAt(from);
  reader.scan(first - 1, visit, reader.seqAt(to) - first);
}

export class RollupReader {
  readonly extent: KnownExtent;
  /** The beginning of the open second; null when no lane has had an event. */
  readonly open: number | null;
  readonly #reader: LogReader;

  /** Made inside a read transaction and not used behind its end. */
  constructor(reader: LogReader) {
    this.#reader = reader;
    this.extent = readKnownExtent(reader);
    this.open = reader.db.prepare<[], number | null>("select max(bucket) from rollup_1s").pluck().get() ?? null;
  }

  plan(window: Window, levels: readonly RollupLevel[] = ROLLUP_LEVELS): WindowPlan {
    return planWindow({ extent: this.extent, levels, open: this.open }, window);
  }

  /** With `isSummed` the rows of a piece come as one for each lane, whose bucket is the first: that is much quicker. */
  visit(pieces: readonly Piece[], visitor: PieceVisitor, isSummed = false): void {
    for (const piece of pieces) {
      if (piece.type === "rows") {
        const rows = isSummed ? this.#sums(piece.level, piece) : this.#rows(piece.level, piece);
        for (const row of rows) visitor.row(row);
      }
      if (piece.type === "events") {
        scanWindow(this.#reader, piece, (event) => {
          const lane = laneOf(event);
          if (lane !== null) visitor.event(event, lane);
        });
      }
    }
  }

  /** Requests in flight by lane just before the moment, or null when that is not known any more. */
  inFlightAt(moment: number): ((lane: number) => number) | null {
    const { pieces, resolution } = this.plan({ from: moment, to: Number.POSITIVE_INFINITY });
    if (resolution !== "exact") return null;
    const since = new Map<number, number>();
    const add = (lane: number, net: number): void => void since.set(lane, (since.get(lane) ?? 0) + net);
    for (const piece of pieces) {
      if (piece.type === "rows") {
        const sql = `select lane, sum(selected - mirrored - errored - dropped) from ${piece.level.table}
          where bucket >= ? and bucket < ? group by lane`;
        const sums = this.#reader.prepareRaw<[number, number], [number, number]>(sql);
        for (const [lane, net] of sums.all(piece.from, piece.to)) add(lane, net);
      } else {
        const span = new Map<number, LaneSpan>();
        this.visit([piece], { row: () => {}, event: (event, lane) => spanOf(span, lane).addEvent(event) });
        for (const [lane, { net }] of span) add(lane, net);
      }
    }
    const rows = this.#reader.db.prepare<[], [number, number]>("select lane, in_flight from rollup_lane").raw().all();
    const now = new Map(rows);
    return (lane) => (now.get(lane) ?? 0) - (since.get(lane) ?? 0);
  }

  #rows({ table }: RollupLevel, { from, to }: Window): Iterable<RollupRow> {
    const select = `select bucket, lane, ${ROLLUP_COLUMNS.join(", ")} from ${table} where bucket >= ? and bucket < ?
      order by bucket, lane`;
    return this.#reader.prepareRaw<Span, RollupRow>(select).iterate(from, to);
  }

  #sums({ table }: RollupLevel, { from, to }: Window): Iterable<RollupRow> {
    const span = "where bucket >= ? and bucket < ?";
    const sums = `select min(bucket), lane, ${ROLLUP_SUMS.join(", ")} from ${table} ${span} group by lane`;
    const each = `select lane, mirrored, errored + dropped, consecutive_successes from ${table} ${span} order by bucket`;
    const successes = new Map<number, number>();
    for (const [lane, mirrored, failed, last] of this.#reader.prepareRaw<Span, SuccessRow>(each).iterate(from, to)) {
      successes.set(lane, failed > 0 ? last : (successes.get(lane) ?? 0) + mirrored);
    }
    return this.#reader
      .prepareRaw<Span, [number, number, ...RollupValue[]]>(sums)
      .all(from, to)
      .map((row) => {
        row[ROW_VALUES + SUCCESSES_INDEX] = successes.get(row[1]) ?? 0;
        return row;
      });
  }
}

type Span = [from: number, to: number];
type SuccessRow = readonly [lane: number, mirrored: number, failed: number, consecutiveSuccesses: number];

/** The lane's span, made when it is missing. */
export function spanOf(spans: Map<number, LaneSpan>, lane: number): LaneSpan {
  let span = spans.get(lane);
  if (span === undefined) spans.set(lane, (span = new LaneSpan()));
  return span;
}
