// How a window is answered: its middle from the coarsest buckets that fit, its edges from finer ones, the rest from raw
// events. Where those were removed, the window is cut back to the next bucket, and the plan says so.
//
//        │ from                                               to │
//   ─────┼─ev─┼──1s──┼───10s───┼─────1m─────┼──…──┼─1m─┼─1s─┼─ev─┼─────

import type { KnownExtent } from "./log-extent.ts";
import { bucketStart, type RollupLevel } from "./rollup-levels.ts";
import type { Window } from "./window.ts";

/** A part of a window, from <= at < to, and where it is read. */
export type Piece = Window &
  ({ readonly type: "rows"; readonly level: RollupLevel } | { readonly type: "events" } | { readonly type: "unknown" });

export interface WindowPlan {
  /** One behind the other without gaps, in order; none of them is unknown. */
  readonly pieces: readonly Piece[];
  /** What of the window the pieces answer; null when nothing of it is known any more. */
  readonly covered: Window | null;
  /** What the edges rest on: `exact` when the whole window is covered, else the coarsest buckets that had to do. */
  readonly resolution: string;
}

export interface PlanOptions {
  readonly extent: KnownExtent;
  /** Finest first. */
  readonly levels: readonly RollupLevel[];
  /** The beginning of the open bucket of the finest level; null when there was none yet. */
  readonly open: number | null;
  /** Raw events that may be read for one piece; those of more are left out as if they had been removed. */
  readonly mayRead?: (piece: Window) => boolean;
}

/** Pieces that answer the window, as far as they can. */
export function planWindow(options: PlanOptions, window: Window): WindowPlan {
  const { extent, levels, open } = options;
  const exact = { covered: window, resolution: "exact" };
  if (open === null || extent.since === null) return { pieces: [], ...exact };
  const coarsest = levels[levels.length - 1]!;
  const end = open + levels[0]!.us;
  // Before the log and behind its end is nothing, so buckets that reach there are taken whole.
  const from = window.from <= extent.since ? bucketStart(extent.since, coarsest.us) : window.from;
  const to = window.to > extent.lastAt || window.to > end ? end : window.to;
  if (from >= to) return { pieces: [], ...exact };
  const known = contiguous(new Planner(options, open).cover(levels.length - 1, from, to));
  if (known.length === 0) return { pieces: [], covered: null, resolution: coarsest.resolution };
  const [first, last] = [known[0]!, known[known.length - 1]!];
  const isFromExact = first.from === from;
  const isToExact = last.to === to;
  if (isFromExact && isToExact) return { pieces: known, ...exact };
  const covered = { from: isFromExact ? window.from : first.from, to: isToExact ? window.to : last.to };
  const cut = [...(isFromExact ? [] : [first]), ...(isToExact ? [] : [last])];
  const rows = cut.flatMap((piece) => (piece.type === "rows" ? [piece.level] : []));
  const resolution = rows.toSorted((a, b) => b.us - a.us)[0]?.resolution ?? "events";
  return { pieces: known, covered, resolution };
}

/** The first stretch without anything unknown in it. */
function contiguous(pieces: readonly Piece[]): Piece[] {
  const start = pieces.findIndex(({ type }) => type !== "unknown");
  if (start < 0) return [];
  const rest = pieces.slice(start);
  const end = rest.findIndex(({ type }) => type === "unknown");
  return end < 0 ? rest : rest.slice(0, end);
}

/** From here on the buckets of a level are all there; a boundary of the next level, so that levels never leave a gap. */
export function keptFrom(levels: readonly RollupLevel[], index: number, open: number): number {
  const { us, keptUs } = levels[index]!;
  const next = levels[index + 1];
  const first = bucketStart(open, us) - keptUs;
  return next === undefined ? first : -bucketStart(-first, next.us);
}

class Planner {
  readonly #options: PlanOptions;
  readonly #open: number;

  constructor(options: PlanOptions, open: number) {
    this.#options = options;
    this.#open = open;
  }

  /** The span in buckets of this level where they fit, and the rest in finer ones. */
  cover(index: number, from: number, to: number): Piece[] {
    if (from >= to) return [];
    const level = this.#options.levels[index];
    if (level === undefined) return this.#events(from, to);
    const { us } = level;
    // The open bucket of the finest level has been written with the last batch; those of the others lack what is open.
    const closedTo = index === 0 ? this.#open + us : bucketStart(this.#open, us);
    const start = Math.max(-bucketStart(-from, us), keptFrom(this.#options.levels, index, this.#open));
    const end = Math.min(bucketStart(to, us), closedTo);
    if (start >= end) return this.cover(index - 1, from, to);
    const rows: Piece = { type: "rows", level, from: start, to: end };
    return [...this.cover(index - 1, from, start), rows, ...this.cover(index - 1, end, to)];
  }

  #events(from: number, to: number): Piece[] {
    const { extent, mayRead = () => true } = this.#options;
    const start = Math.max(from, Math.min(to, extent.rawFrom));
    const unknown: Piece[] = start > from ? [{ type: "unknown", from, to: start }] : [];
    if (start === to) return unknown;
    const isRead = mayRead({ from: start, to });
    return [...unknown, { type: isRead ? "events" : "unknown", from: start, to }];
  }
}
