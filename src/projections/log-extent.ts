// What of the log can still be known, as one snapshot sees it: where raw events are complete, and where it ends.

import { readExtent } from "../events/extent.ts";
import type { LogReader } from "../events/log-reader.ts";
import { requireWhole } from "../events/projection-state.ts";
import type { WindowBounds } from "./window.ts";

/** Times are microseconds since the Unix epoch. */
export interface KnownExtent {
  /** When the log began; null for an empty one. */
  readonly since: number | null;
  /** From here on no raw event is missing. */
  readonly rawFrom: number;
  /** Of the newest event; 0 for none. */
  readonly lastSeq: number;
  readonly lastAt: number;
}

/** Called inside a read transaction. */
export function readKnownExtent({ db }: LogReader): KnownExtent {
  const { firstAt, lastSeq, lastAt, removedAt } = readExtent(db);
  const since = db.prepare<[], number | null>("select since from ledger_balance where lane = 0").pluck().get();
  return {
    since: since ?? firstAt,
    // Of the moment of the last removed event some may be left.
    rawFrom: removedAt === null ? Number.NEGATIVE_INFINITY : removedAt + 1,
    lastSeq,
    lastAt: lastAt ?? 0,
  };
}

/**
 * What `all` and `24h` mean now: `all` begins with the log's first run, or with the last epoch of the mirroring, without
 * one of all mirrorings. `wallUs` is the clock; the log may be ahead of it, and then ends later. Throws rebuilding.
 */
export function readWindowBounds(reader: LogReader, wallUs: number, mirroring?: string): WindowBounds {
  const { db } = reader;
  const read = db.transaction((): WindowBounds => {
    requireWhole(db, ["ledger_balance", "notes"]);
    const { since, lastAt } = readKnownExtent(reader);
    const own = "mirroring is null or mirroring = ?";
    const last = db.prepare<[string | null], number>(`select at from epoch where ${own} order by seq desc limit 1`);
    const epoch = last.pluck().get(mirroring ?? null);
    return { now: Math.max(wallUs, lastAt + 1), since: epoch ?? since };
  });
  return read();
}
