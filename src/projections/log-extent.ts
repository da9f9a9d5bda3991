// What of the log can still be known, as one snapshot sees it: where raw events are complete, and where it ends.

import type { LogReader } from "../events/log-reader.ts";
import { KIND_CODES } from "../events/event-kinds.ts";
import type { WindowBounds } from "./window.ts";

/** Times are microseconds since the Unix epoch. */
export interface LogExtent {
  /** When the log began; null for an empty one. */
  readonly since: number | null;
  /** From here on no raw event is missing. */
  readonly rawFrom: number;
  /** Of the newest event; 0 for none. */
  readonly lastSeq: number;
  readonly lastAt: number;
}

/** Called inside a read transaction. */
export function readExtent(reader: LogReader): LogExtent {
  const { db } = reader;
  const first = db.prepare<[], { seq: number; at: number }>("select seq, at from event order by seq limit 1").get();
  const [lastSeq, lastAt] = [reader.lastSeq(), reader.lastAt()];
  if (first === undefined) return { since: null, rawFrom: Number.NEGATIVE_INFINITY, lastSeq, lastAt };
  if (first.seq === 1) return { since: first.at, rawFrom: Number.NEGATIVE_INFINITY, lastSeq, lastAt };
  const since = db.prepare<[], number | null>("select since from ledger_balance where lane = 0").pluck().get() ?? null;
  // Of the first moment that is left, some events may have been removed.
  return { since, rawFrom: first.at + 1, lastSeq, lastAt };
}

/**
 * What `all` and `24h` mean now: `all` begins with the log's first run, or with its last epoch. `wallUs` is the clock;
 * the log may be ahead of it, and then ends later.
 */
export function readWindowBounds(reader: LogReader, wallUs: number): WindowBounds {
  const { db } = reader;
  const epochs = db.prepare<[number], number>(
    "select at from event where kind = ? and kind >= 6 order by seq desc limit 1",
  );
  const read = db.transaction((): WindowBounds => {
    const { since, lastAt } = readExtent(reader);
    const epoch = epochs.pluck().get(KIND_CODES.epoch_started) ?? null;
    return { now: Math.max(wallUs, lastAt + 1), since: epoch ?? since };
  });
  return read();
}
