// MirrorStats: the counters that people watch, for each lane and for all lanes together, since the last reset.
//
// An error is what one of the errors_* counters counts: an errored request or a buffer_full drop. It adds to
// consecutive_errors and moves last_error; the other drops do neither, since they say nothing about the mirror. Every
// drop ends a row of successes. Only a mirrored request ends a row of errors.

import type { EventOf, MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";
import { DROPPED_COLUMN, ERROR_COLUMN, PARITY_COLUMN, SKIPPED_COLUMN } from "./columns.ts";
import { LaneRows } from "./lane-rows.ts";
import { errorTypeOf, parityOf } from "./outcome.ts";
import { blankStatsRow, resetStatsRow, type StatsRow } from "./stats-row.ts";

/** The row of all lanes together; the ids of lanes begin at 1. */
export const ALL_LANES = 0;

type LaneEvent = EventOf<"queued" | "mirrored" | "errored" | "dropped" | "tallied" | "skipped">;

function fail(row: StatsRow, event: EventOf<"errored"> | EventOf<"dropped">): void {
  row.consecutive_successes = 0;
  const type = errorTypeOf(event);
  if (type === null) return;
  row[ERROR_COLUMN[type]]++;
  row.consecutive_errors++;
  row.last_error = event.at;
}

function compare(row: StatsRow, event: EventOf<"mirrored"> | EventOf<"errored">): void {
  const parity = parityOf(event);
  // Nearly all of them: a field by its name is quicker than one by a variable.
  if (parity === "match") row.parity_match++;
  else if (parity !== null) row[PARITY_COLUMN[parity]]++;
}

function succeed(row: StatsRow, event: EventOf<"mirrored">): void {
  row.requests_mirrored++;
  if (event.root !== null) row.consequences++;
  row.latency_sum_us += event.mirrorUs;
  row.latency_count++;
  row.latency_max_us = Math.max(row.latency_max_us, event.mirrorUs);
  row.last_success = event.at;
  row.consecutive_errors = 0;
  row.consecutive_successes++;
}

function count(row: StatsRow, event: LaneEvent): void {
  switch (event.kind) {
    case "tallied":
      row.requests_total += event.seen;
      return;
    case "skipped":
      row.requests_skipped += event.count;
      row[SKIPPED_COLUMN[event.reason]] += event.count;
      return;
    case "queued":
      row.requests_selected++;
      return;
    case "mirrored":
      succeed(row, event);
      compare(row, event);
      return;
    case "errored":
      row.requests_errored++;
      if (event.attribution === "cascade") row.cascades++;
      fail(row, event);
      compare(row, event);
      return;
    case "dropped":
      if (!event.wasQueued) row.requests_selected++;
      row.requests_dropped++;
      row[DROPPED_COLUMN[event.reason]]++;
      fail(row, event);
      return;
  }
}

/** The fold behind the tables, GET /stats, the flat metrics and SHOW MIRROR_STATS. */
export function createMirrorStats(prefix = ""): Fold {
  const rows = new LaneRows<StatsRow>(`${prefix}mirror_stats`, blankStatsRow);
  return {
    name: "mirror_stats",
    version: 1,
    tables: [rows.table],
    clear: (db) => rows.clear(db),
    load: (db) => rows.load(db),
    save: (db) => rows.save(db),
    apply: (event: MirrorEvent) => {
      switch (event.kind) {
        case "queued":
        case "mirrored":
        case "errored":
        case "dropped":
        case "tallied":
        case "skipped":
          count(rows.touch(event.lane), event);
          count(rows.touch(ALL_LANES), event);
          return;
        case "unrecorded":
          // A loss whose lane or size nobody knows was in no tally either: it is a gap in time, not a term of the books.
          if (event.lane === null || event.requests === null) return;
          rows.touch(event.lane).requests_unrecorded += event.requests;
          rows.touch(ALL_LANES).requests_unrecorded += event.requests;
          return;
        case "counters_reset":
          for (const lane of rows.lanes()) resetStatsRow(rows.touch(lane));
          return;
        case "run_started":
        case "run_stopped":
        case "observation_changed":
        case "epoch_started":
        case "marked":
        case "mirror_seen":
        case "idled":
          return;
      }
    },
  };
}
