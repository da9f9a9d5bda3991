// Everything about a window, lane by lane, of one committed snapshot: exactly, as long as the raw events at its edges
// exist, and from whole buckets where they were removed; then the answer names them and what of the window it covers.

import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import type { LaneSpan } from "./lane-span.ts";
import { NO_LANE } from "./ledger-balance.ts";
import { Rollup } from "./rollup.ts";
import { type PieceVisitor, RollupReader, ROW_VALUES, spanOf } from "./rollup-reader.ts";
import type { Window } from "./window.ts";

interface LaneWindow {
  readonly lane: number;
  readonly mirroring: string;
  readonly database: string;
  /** Counters and histograms; `peak_in_flight` takes in what was in flight at the beginning. */
  readonly rollup: Rollup;
  /** Requests in flight at either edge of what is covered; null when that is not known any more. */
  readonly inFlight: { readonly from: number; readonly to: number } | null;
}

export interface WindowReading {
  /** As it was asked for. */
  readonly window: Window;
  /** The part that the answer covers; null when nothing of it is known any more. */
  readonly covered: Window | null;
  /** `exact`, or the length of the buckets that its edges had to be cut at: `1s`, `10s`, `1m`, `1h`, `1d`. */
  readonly resolution: string;
  /** The last event of the snapshot. */
  readonly seq: number;
  /** When the log began; null for an empty one. */
  readonly since: number | null;
  /** Requests that were lost to the log and belong to no known lane. */
  readonly unrecorded: number;
  /** Every lane that the log knows, by mirroring, then database; idle ones too. */
  readonly lanes: readonly LaneWindow[];
}

/** One read transaction, which neither waits for a writer nor makes one wait. Throws rebuilding. */
export function readWindow(reader: LogReader, window: Window): WindowReading {
  return reader.db.transaction(() => read(reader, window))();
}

function read(reader: LogReader, window: Window): WindowReading {
  requireWhole(reader.db, ["rollups", "ledger_balance"]);
  const rollups = new RollupReader(reader);
  const { pieces, covered, resolution } = rollups.plan(window);
  const spans = new Map<number, LaneSpan>();
  const visitor: PieceVisitor = {
    row: (row) => spanOf(spans, row[1]).addRow(row, ROW_VALUES),
    event: (event, lane) => spanOf(spans, lane).addEvent(event),
  };
  rollups.visit(pieces, visitor, true);
  const inFlightAt = covered === null ? null : rollups.inFlightAt(covered.to);
  const lanes = lanesByName(reader).map(({ id, mirroring, database }): LaneWindow => {
    const span = spans.get(id);
    const to = inFlightAt?.(id) ?? null;
    const inFlight = to === null ? null : { from: to - (span?.net ?? 0), to };
    const rollup = span?.rollup ?? new Rollup();
    span?.finish(inFlight?.from ?? 0);
    rollup.sawInFlight(inFlight?.from ?? 0);
    return { lane: id, mirroring, database, rollup, inFlight };
  });
  const { since, lastSeq: seq } = rollups.extent;
  const unrecorded = spans.get(NO_LANE)?.rollup.counters.unrecorded ?? 0;
  return { window, covered, resolution, seq, since, unrecorded, lanes };
}

function lanesByName(reader: LogReader): { id: number; mirroring: string; database: string }[] {
  const select = "select id, mirroring, database from lane order by mirroring, database";
  return reader.db.prepare<[], { id: number; mirroring: string; database: string }>(select).all();
}
