// Whether the whole log is sound, in steps of a fraction of a second: SQLite's own quick_check for every table but `event`,
// and `event` read to its end and compared with its seals. That finds more than quick_check would, can be stopped at any
// step, and keeps no snapshot of the log open while it rests. Never changes anything.

import type { Database } from "better-sqlite3";
import { messageOf } from "../errors.ts";
import { verifySealsInSteps } from "./verify-seals.ts";

/** More findings say nothing new. */
const FINDINGS_MAX = 20;

export interface LogCheckReport {
  /** Events that were read and compared with their seals. */
  readonly events: number;
  /** A sentence for each thing that is wrong; empty for a sound log. */
  readonly findings: readonly string[];
}

/** Yields the share of the work that is done, 0 to 1, and returns what was found. */
export function* checkLogInSteps(db: Database): Generator<number, LogCheckReport, void> {
  const findings: string[] = [];
  for (const table of smallTables(db)) {
    findings.push(...attempt(`table ${table}`, () => quickCheck(db, table)));
    yield 0;
  }
  findings.push(...attempt("index event_rare", () => readRareIndex(db)));
  const seals = verifySealsInSteps(db);
  for (let step = seals.next(); ; step = seals.next()) {
    if (step.done !== true) {
      yield step.value.events / step.value.eventsTotal;
      continue;
    }
    const { events, differences } = step.value;
    for (const { firstSeq, lastSeq, why } of differences) findings.push(`events ${firstSeq} to ${lastSeq}: ${why}`);
    return { events, findings: findings.slice(0, FINDINGS_MAX) };
  }
}

function smallTables(db: Database): string[] {
  const select = db.prepare<[], string>(
    "select name from sqlite_schema where type = 'table' and name not in ('event') and name not like 'sqlite~_%' escape '~'",
  );
  return select.pluck().all();
}

/** The names come from the schema, but a damaged schema may hold anything. */
function quickCheck(db: Database, table: string): string[] {
  const rows = db
    .prepare<[], string>(`pragma quick_check('${table.replaceAll("'", "''")}')`)
    .pluck()
    .all();
  return rows.filter((row) => row !== "ok");
}

function readRareIndex(db: Database): string[] {
  db.prepare("select count(*) from event indexed by event_rare where kind >= 6").get();
  return [];
}

function attempt(what: string, check: () => string[]): string[] {
  try {
    return check().map((finding) => `${what}: ${finding}`);
  } catch (error) {
    return [`${what}: it can't be read (${messageOf(error)})`];
  }
}
