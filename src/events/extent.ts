// Which raw events the log still has. Everything older is in the checkpoint and in the projections only.

import type { Database } from "better-sqlite3";
import { prepared } from "./prepared.ts";

/** Seqs are 0 and moments null where there is no event. Moments are microseconds since the Unix epoch. */
export interface LogExtent {
  readonly firstSeq: number;
  readonly firstAt: number | null;
  readonly lastSeq: number;
  readonly lastAt: number | null;
  /** The last event that was removed; 0: the log is whole. */
  readonly removedSeq: number;
  /**
   * Its moment. A window is answered from raw events exactly when it begins behind this: of the moment itself some events
   * may be left.
   */
  readonly removedAt: number | null;
}

/** Ask inside the transaction that reads the events: then both belong to one snapshot. */
export function readExtent(db: Database): LogExtent {
  const edge = (order: "asc" | "desc"): { seq: number; at: number | null } =>
    prepared<[], { seq: number; at: number }>(db, `select seq, at from event order by seq ${order} limit 1`).get() ?? {
      seq: 0,
      at: null,
    };
  const [first, last] = [edge("asc"), edge("desc")];
  const removed = prepared<[], { seq: number; at: number | null }>(
    db,
    "select removed_seq as seq, removed_at as at from log_extent",
  ).get();
  return {
    firstSeq: first.seq,
    firstAt: first.at,
    lastSeq: last.seq,
    lastAt: last.at,
    removedSeq: removed?.seq ?? 0,
    removedAt: removed?.at ?? null,
  };
}
