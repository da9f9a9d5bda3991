// Reads the log again and compares it with its seals, range by range: finds what SQLite itself can't see, a value that
// has changed inside a page that is still well formed.

import type { Database } from "better-sqlite3";
import { messageOf } from "../errors.ts";
import { type ColumnValue, EVENT_COLUMNS } from "./event-columns.ts";
import { readExtent } from "./extent.ts";
import { addRow, CHECKSUM_START } from "./row-checksum.ts";
import { readOpenSeal, type Seal } from "./seals.ts";

const PAGE_ROWS = 2000;

/** A range that is not what was written. */
interface SealDifference {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly why: string;
}

export interface SealReport {
  /** Events that were read and compared. */
  readonly events: number;
  /** Sealed ranges whose events retention has removed, at least in part. */
  readonly removedRanges: number;
  readonly differences: readonly SealDifference[];
}

export interface SealProgress {
  readonly events: number;
  /** Sealed when the verification began; more may come while it runs. */
  readonly eventsTotal: number;
}

/** Reads the whole log in one go. */
export function verifySeals(db: Database, onProgress: (progress: SealProgress) => void = () => {}): SealReport {
  const steps = verifySealsInSteps(db);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    onProgress(step.value);
  }
}

/**
 * The same with a rest for the caller after each range (a fraction of a second's work). No transaction is open while it
 * rests. Returns the report.
 */
export function* verifySealsInSteps(db: Database): Generator<SealProgress, SealReport, void> {
  const seals = db
    .prepare<[], Seal>("select first_seq firstSeq, events, checksum from seal where removed = 0 order by first_seq")
    .all();
  const eventsTotal = seals.reduce((sum, { events }) => sum + events, readOpenSeal(db)?.events ?? 0);
  const differences: SealDifference[] = [];
  let events = 0;
  for (const seal of seals) {
    const why = differenceOf(db, seal);
    if (why !== null && !isRemoved(db, seal)) differences.push({ ...spanOf(seal), why });
    events += seal.events;
    yield { events, eventsTotal };
  }
  // The writer goes on: the range that grows and its checksum must come from the same moment.
  const verifyOpen = db.transaction((): void => {
    const open = readOpenSeal(db);
    if (open === null || open.events === 0 || isRemoved(db, open)) return;
    const why = differenceOf(db, open);
    if (why !== null) differences.push({ ...spanOf(open), why });
    events += open.events;
  });
  verifyOpen.deferred();
  return { events, differences, removedRanges: countRemoved(db) };
}

const spanOf = ({ firstSeq, events }: Seal): { firstSeq: number; lastSeq: number } => ({
  firstSeq,
  lastSeq: firstSeq + events - 1,
});

/** What is wrong with the range; null when nothing is. */
function differenceOf(db: Database, seal: Seal): string | null {
  const { firstSeq, lastSeq } = spanOf(seal);
  const page = db
    .prepare<[number, number, number], [seq: number, ...ColumnValue[]]>(
      `select seq, ${EVENT_COLUMNS.join(", ")} from event where seq between ? and ? order by seq limit ?`,
    )
    .raw();
  let [sum, events] = [CHECKSUM_START, 0];
  try {
    for (let next = firstSeq; next <= lastSeq;) {
      const rows = page.all(next, lastSeq, PAGE_ROWS);
      if (rows.length === 0) break;
      for (const row of rows) sum = addRow(sum, row[0], row, 1, EVENT_COLUMNS.length);
      events += rows.length;
      next = rows[rows.length - 1]![0] + 1;
    }
  } catch (error) {
    return `it can't be read (${messageOf(error)})`;
  }
  if (events !== seal.events) return `it has ${events} events instead of ${seal.events}`;
  return sum === seal.checksum ? null : "its checksum differs";
}

/** Retention may have come by since the list of seals was read. */
function isRemoved(db: Database, { firstSeq }: Seal): boolean {
  return firstSeq <= readExtent(db).removedSeq;
}

function countRemoved(db: Database): number {
  return db.prepare<[], number>("select count(*) from seal where removed = 1").pluck().get()!;
}
