// Ring records as events: the ids of the thread become those of the log, codes become words. Ledger records are summed
// up instead, and are events only when their moment is complete.

import type { EventLog } from "./event-log.ts";
import { DROP_REASONS, type NewEvent, PARITIES, SKIP_REASONS } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import type { RecordedThread } from "./recorded-thread.ts";
import * as ring from "./ring.ts";

export interface RecordContext {
  readonly log: EventLog;
  readonly run: number;
  /** The time of the moment that the record belongs to. */
  readonly at: number;
  readonly ledger: Ledger;
  /** Whether the log could not be written when a thread's wall clock said so. */
  isOutage(wallUs: number): boolean;
}

/** The event of a record, or null when the ledger took it. */
export function eventOfRecord(
  record: ring.RingRecord,
  thread: RecordedThread,
  context: RecordContext,
): NewEvent | null {
  const { request, amount, code } = record;
  const { at, ledger, log } = context;
  const lane = thread.lane(record.lane, log);
  const root = record.root < 0 ? null : record.root;
  switch (record.kind) {
    case ring.RECORD_QUEUED: {
      const { session } = record;
      const statement = thread.statement(record.statement);
      return { kind: "queued", at, request, lane, statement, run: context.run, session, bytes: amount };
    }
    case ring.RECORD_MIRRORED: {
      const { mirrorUs, primaryUs, waitUs } = record;
      const statement = thread.statement(record.statement);
      const parity = nameOf(PARITIES, code);
      const requested = { at, request, lane, statement };
      return { kind: "mirrored", ...requested, mirrorUs, primaryUs, waitUs, rows: amount, parity, root };
    }
    case ring.RECORD_ERRORED: {
      const { mirrorUs, primaryUs, waitUs } = record;
      const statement = thread.statement(record.statement);
      const { category, attribution, sqlstate, message } = thread.failure(code);
      const timed = { at, request, lane, statement, mirrorUs, primaryUs, waitUs };
      return { kind: "errored", ...timed, category, attribution, sqlstate, message, root };
    }
    case ring.RECORD_DROPPED: {
      const statement = thread.statement(record.statement);
      const reason = nameOf(DROP_REASONS, code);
      return { kind: "dropped", at, request, lane, statement, reason, wasQueued: record.flag === 1 };
    }
    case ring.RECORD_TALLY:
      ledger.tally(lane, amount);
      return null;
    case ring.RECORD_SKIP:
      ledger.skip(lane, amount, nameOf(SKIP_REASONS, code));
      return null;
    case ring.RECORD_UNRECORDED:
      ledger.unrecorded(lane, amount, context.isOutage(record.at) ? "write_failed" : "ring_full");
      return null;
    default:
      throw new RangeError(`ring record of unknown kind ${record.kind}`);
  }
}

function nameOf<T>(names: readonly T[], code: number): T {
  const name = names[code];
  if (name === undefined) throw new RangeError(`ring record with unknown code ${code}`);
  return name;
}
