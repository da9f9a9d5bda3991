// Events as rows of the `event` table: which column carries what is explained in migrations/0001-event-log.ts.

import { KIND_CODES } from "./event-kinds.ts";
import { DROP_REASONS, type MirrorEvent, type NewEvent, PARITIES, SKIP_REASONS } from "./event.ts";

/** The columns behind `seq`, in the order in which a row is written and read. */
export const EVENT_COLUMNS = [
  "at",
  "kind",
  "lane",
  "request",
  "session",
  "statement",
  "amount",
  "code",
  "mirror_us",
  "primary_us",
  "wait_us",
  "root",
  "detail",
] as const;

/** The columns that every event of a plain request needs; `root` and `detail` stay null. */
export const PLAIN_COLUMNS = EVENT_COLUMNS.slice(0, 11);

export type ColumnValue = number | string | null;

/** Whether the event has neither a root nor a detail. */
export function isPlain(event: NewEvent): boolean {
  if (event.kind === "mirrored" || event.kind === "errored") return event.root === null;
  return KIND_CODES[event.kind] < KIND_CODES.unrecorded;
}

/**
 * Appends the values of the plain columns to `values`, those of `root` and `detail` too when `isFull`. Unused integers
 * are 0 and not null: both take no byte, and a number is quicker to bind.
 */
export function encodeEvent(
  event: MirrorEvent,
  failureIdOf: (event: Extract<MirrorEvent, { kind: "errored" }>) => number,
  isFull: boolean,
  values: ColumnValue[],
): void {
  const kind = KIND_CODES[event.kind];
  let detail: string | null = null;
  let root: number | null = null;
  switch (event.kind) {
    case "queued":
      values.push(event.at, kind, event.lane, event.request, event.session, event.statement, event.bytes, 0, 0, 0, 0);
      break;
    case "mirrored":
      root = event.root;
      values.push(event.at, kind, event.lane, event.request, 0, event.statement, event.rows);
      values.push(PARITIES.indexOf(event.parity), event.mirrorUs, event.primaryUs, event.waitUs);
      break;
    case "errored":
      root = event.root;
      values.push(event.at, kind, event.lane, event.request, 0, event.statement, 0);
      values.push(failureIdOf(event), event.mirrorUs, event.primaryUs, event.waitUs);
      break;
    case "dropped":
      values.push(event.at, kind, event.lane, event.request, 0, event.statement, event.wasQueued ? 1 : 0);
      values.push(DROP_REASONS.indexOf(event.reason), 0, 0, 0);
      break;
    case "tallied":
      values.push(event.at, kind, event.lane, 0, 0, 0, event.seen, 0, 0, 0, 0);
      break;
    case "skipped":
      values.push(event.at, kind, event.lane, 0, 0, 0, event.count, SKIP_REASONS.indexOf(event.reason), 0, 0, 0);
      break;
    case "unrecorded": {
      const { from, to, cause } = event;
      detail = JSON.stringify({ from, to, cause });
      values.push(event.at, kind, event.lane ?? 0, 0, 0, 0, event.requests ?? -1, 0, 0, 0, 0);
      break;
    }
    case "run_started":
    case "run_stopped":
    case "observation_changed":
    case "epoch_started":
    case "marked":
    case "counters_reset":
    case "mirror_seen":
    case "idled": {
      const { kind: _kind, seq: _seq, at, ...rest } = event;
      detail = JSON.stringify(rest);
      values.push(at, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      break;
    }
  }
  if (isFull) values.push(root, detail);
}
