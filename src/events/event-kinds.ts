// The numbers that kinds of events have on disk: append only, like the enumerations in event.ts.

import { PgsoakError } from "../errors.ts";
import type { EventKind } from "./event.ts";

export const KIND_CODES: Readonly<Record<EventKind, number>> = {
  queued: 0,
  mirrored: 1,
  errored: 2,
  dropped: 3,
  tallied: 4,
  skipped: 5,
  unrecorded: 6,
  run_started: 7,
  run_stopped: 8,
  observation_changed: 9,
  epoch_started: 10,
  marked: 11,
  counters_reset: 12,
  mirror_seen: 13,
  idled: 14,
};

/** `names[code]`, or log_newer: what this build doesn't know is refused, never guessed. */
export function known<T>(names: readonly T[], code: number, seq: number, what: string): T {
  const name = names[code];
  if (name !== undefined) return name;
  const message = `Event ${seq} of the log has the unknown ${what} ${code}: a newer pgsoak wrote it. Use that version to read it.`;
  throw new PgsoakError("log_newer", message);
}

/** Whether the event is of none of the kinds that every request makes: the others are in the index `event_rare`. */
export function isRare({ kind }: { readonly kind: EventKind }): boolean {
  switch (kind) {
    case "queued":
    case "mirrored":
    case "errored":
    case "dropped":
    case "tallied":
    case "skipped":
      return false;
    case "unrecorded":
    case "run_started":
    case "run_stopped":
    case "observation_changed":
    case "epoch_started":
    case "marked":
    case "counters_reset":
    case "mirror_seen":
    case "idled":
      return true;
  }
}
