// How many requests of some lanes have gone well in a row up to a window's end; a failure on one of the lanes breaks the
// chain of all. The last failure is found from the end: in the coarsest buckets first, then in finer ones, then in raw
// events. So the answer is exact for as long as these exist; later the chain begins behind the bucket, and is never told
// longer than it is.

import { KIND_CODES } from "../events/event-kinds.ts";
import type { LogReader } from "../events/log-reader.ts";
import { RollupReader } from "./rollup-reader.ts";
import { ROLLUP_LEVELS } from "./rollup-levels.ts";
import type { Window } from "./window.ts";
import type { Piece } from "./window-plan.ts";

export interface SuccessChain {
  readonly successes: number;
  /** The lane of the failure that the chain begins behind; null: there was none in the window. */
  readonly brokenBy: number | null;
}

interface Failure {
  readonly at: number;
  readonly lane: number;
  /** Null where only its bucket is known; `at` is then the end of that. */
  readonly seq: number | null;
}

type SpanOfLanes = [from: number, to: number, lanes: string];

const OF_LANES = "lane in (select value from json_each(?))";
const FAILURE_KINDS = `${KIND_CODES.errored}, ${KIND_CODES.dropped}`;

/** Called inside a read transaction. */
export function readSuccessChain(reader: LogReader, window: Window, lanes: readonly number[]): SuccessChain {
  const chain = new Chain(reader, lanes);
  // Behind what is known of the window there may be a failure that nobody can see.
  const known = chain.known(window);
  if (known === null) return { successes: 0, brokenBy: null };
  const failure = chain.lastFailure(known);
  if (failure === null) return { successes: chain.successes(known), brokenBy: null };
  const successes = chain.behind(failure) + chain.successes({ from: failure.at + 1, to: known.to });
  return { successes, brokenBy: failure.lane };
}

class Chain {
  readonly #reader: LogReader;
  readonly #rollups: RollupReader;
  readonly #lanes: string;

  constructor(reader: LogReader, lanes: readonly number[]) {
    this.#reader = reader;
    this.#rollups = new RollupReader(reader);
    this.#lanes = JSON.stringify(lanes);
  }

  known(window: Window): Window | null {
    return this.#rollups.plan(window).covered;
  }

  lastFailure(window: Window, levels = ROLLUP_LEVELS): Failure | null {
    for (const piece of this.#rollups.plan(window, levels).pieces.toReversed()) {
      const failure = piece.type === "rows" ? this.#inRows(piece) : this.#inEvents(piece);
      if (failure !== null) return failure;
    }
    return null;
  }

  successes(window: Window): number {
    let sum = 0;
    for (const piece of this.#rollups.plan(window).pieces) {
      sum += piece.type === "rows" ? this.#sumOf(piece.level.table, piece) : this.#countIn(piece);
    }
    return sum;
  }

  #inRows({ level, from, to }: Extract<Piece, { type: "rows" }>): Failure | null {
    const select = this.#reader.prepareRaw<SpanOfLanes, [bucket: number, lane: number]>(
      `select bucket, lane from ${level.table} where bucket >= ? and bucket < ? and ${OF_LANES} and errored + dropped > 0
       order by bucket desc limit 1`,
    );
    const last = select.get(from, to, this.#lanes);
    if (last === undefined) return null;
    const [bucket, lane] = last;
    const inside = { from: bucket, to: bucket + level.us };
    return this.#finer(inside, ROLLUP_LEVELS.indexOf(level)) ?? { at: inside.to - 1, lane, seq: null };
  }

  /** Null where nothing finer than the level at `index` is left of it. */
  #finer(bucket: Window, index: number): Failure | null {
    const levels = ROLLUP_LEVELS.slice(0, index);
    if (levels.length > 0) return this.lastFailure(bucket, levels);
    return bucket.from >= this.#rollups.extent.rawFrom ? this.#inEvents(bucket) : null;
  }

  #inEvents({ from, to }: Window): Failure | null {
    const select = this.#reader.prepareRaw<SpanOfLanes, [at: number, lane: number, seq: number]>(
      `select at, lane, seq from event where seq >= ? and seq < ? and ${OF_LANES} and kind in (${FAILURE_KINDS})
       order by seq desc limit 1`,
    );
    const last = select.get(this.#reader.seqAt(from), this.#reader.seqAt(to), this.#lanes);
    return last === undefined ? null : { at: last[0], lane: last[1], seq: last[2] };
  }

  #sumOf(table: string, { from, to }: Window): number {
    const sum = this.#reader.prepareRaw<SpanOfLanes, [number]>(
      `select coalesce(sum(mirrored), 0) from ${table} where bucket >= ? and bucket < ? and ${OF_LANES}`,
    );
    return sum.get(from, to, this.#lanes)![0];
  }

  #countIn({ from, to }: Window): number {
    return this.#count(this.#reader.seqAt(from), this.#reader.seqAt(to));
  }

  /** Those of the failure's own moment. */
  behind({ at, seq }: Failure): number {
    return seq === null ? 0 : this.#count(seq + 1, this.#reader.seqAt(at + 1));
  }

  #count(fromSeq: number, toSeq: number): number {
    const count = this.#reader.prepareRaw<SpanOfLanes, [number]>(
      `select count(*) from event where seq >= ? and seq < ? and ${OF_LANES} and kind = ${KIND_CODES.mirrored}`,
    );
    return count.get(fromSeq, toSeq, this.#lanes)![0];
  }
}
