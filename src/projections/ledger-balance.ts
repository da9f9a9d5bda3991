// The balance of each lane since the log began. No reset touches it: the law of conservation is checked on it, and the
// counters of the labelled metrics come from it, so that they never go back.

import type { EventOf, MirrorEvent } from "../events/event.ts";
import type { Fold } from "../events/fold.ts";
import { ERROR_COLUMN, PARITY_COLUMN, PARITY_COUNTERS } from "./columns.ts";
import { LaneRows } from "./lane-rows.ts";
import { errorTypeOf, parityOf } from "./outcome.ts";

/** The row of the log itself: when it began, and losses that belong to no known lane. The ids of lanes begin at 1. */
export const NO_LANE = 0;

const counters = {
  seen: 0,
  skipped: 0,
  selected: 0,
  mirrored: 0,
  errored: 0,
  dropped: 0,
  unrecorded: 0,
  errors_connection: 0,
  errors_query: 0,
  errors_timeout: 0,
  errors_buffer_full: 0,
  ...PARITY_COUNTERS,
};

export type BalanceRow = typeof counters & {
  /** The first event of the lane, or of the log: microseconds since the Unix epoch. */
  since: number | null;
};

/** A row that has counted nothing yet. */
export function blankBalanceRow(): BalanceRow {
  return { ...counters, since: null };
}

function addError(row: BalanceRow, event: EventOf<"errored"> | EventOf<"dropped">): void {
  const type = errorTypeOf(event);
  if (type !== null) row[ERROR_COLUMN[type]]++;
}

function addParity(row: BalanceRow, event: EventOf<"mirrored"> | EventOf<"errored">): void {
  const parity = parityOf(event);
  if (parity !== null) row[PARITY_COLUMN[parity]]++;
}

type LaneEvent = EventOf<"queued" | "mirrored" | "errored" | "dropped" | "tallied" | "skipped">;

function add(row: BalanceRow, event: LaneEvent): void {
  row.since ??= event.at;
  switch (event.kind) {
    case "tallied":
      row.seen += event.seen;
      return;
    case "skipped":
      row.skipped += event.count;
      return;
    case "queued":
      row.selected++;
      return;
    case "mirrored":
      row.mirrored++;
      addParity(row, event);
      return;
    case "errored":
      row.errored++;
      addError(row, event);
      addParity(row, event);
      return;
    case "dropped":
      if (!event.wasQueued) row.selected++;
      row.dropped++;
      addError(row, event);
      return;
  }
}

function fold(rows: LaneRows<BalanceRow>, event: MirrorEvent): void {
  switch (event.kind) {
    case "queued":
    case "mirrored":
    case "errored":
    case "dropped":
    case "tallied":
    case "skipped":
      add(rows.touch(event.lane), event);
      return;
    case "unrecorded": {
      const row = rows.touch(event.lane ?? NO_LANE);
      row.since ??= event.at;
      row.unrecorded += event.requests ?? 0;
      return;
    }
    case "run_started": {
      rows.touch(NO_LANE).since ??= event.at;
      return;
    }
    case "counters_reset":
    case "run_stopped":
    case "observation_changed":
    case "epoch_started":
    case "marked":
    case "mirror_seen":
    case "idled":
      return;
  }
}

/** The fold behind the conservation check and the labelled counters. */
export function createLedgerBalance(prefix = ""): Fold {
  const rows = new LaneRows<BalanceRow>(`${prefix}ledger_balance`, blankBalanceRow);
  return {
    name: "ledger_balance",
    version: 1,
    tables: [rows.table],
    clear: (db) => rows.clear(db),
    load: (db) => rows.load(db),
    save: (db) => rows.save(db),
    apply: (event) => fold(rows, event),
  };
}
