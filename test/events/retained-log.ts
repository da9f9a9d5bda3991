// A log with every fold and a retention of its own, driven step by step; and the tables of the folds, for comparing.

import type { Database } from "better-sqlite3";
import { CHECKPOINT_PREFIX } from "../../src/events/checkpoint.ts";
import { EventLog } from "../../src/events/event-log.ts";
import type { Fold } from "../../src/events/fold.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { Retention, type RetentionOptions } from "../../src/events/retention.ts";
import { createProjections } from "../../src/projections/projections.ts";

export interface RetainedLog extends Disposable {
  readonly log: EventLog;
  readonly open: OpenRequests;
  readonly retention: Retention;
  /** Until nothing is due. Returns how many steps there were. */
  retain(this: void): number;
}

type Limits = Partial<
  Pick<RetentionOptions, "retentionUs" | "maxBytes" | "freeBytesKept" | "keptEvents" | "onForgotten">
> & {
  /** What the clock says, always: microseconds. */
  readonly nowUs?: number;
  readonly youngEvents?: number;
  readonly statementChunkEvents?: number;
  /** Projections that are behind are brought to the end by the log's `rebuild`, and not when it is opened. */
  readonly isRebuilding?: boolean;
};

/** Nothing is removed unless `limits` say so. */
export async function openRetained(path: string, limits: Limits = {}): Promise<RetainedLog> {
  const { nowUs = Number.MAX_SAFE_INTEGER, youngEvents, statementChunkEvents, isRebuilding = false, ...rest } = limits;
  const open = new OpenRequests(youngEvents);
  const projections = createProjections("", { statementChunkEvents });
  const folds = isRebuilding ? { folds: [open], projections } : { folds: [open, ...projections] };
  const log = await EventLog.open({ path, ...folds });
  const retention = new Retention({
    reader: log.reader,
    folds: checkpointFolds(),
    retentionUs: Number.MAX_SAFE_INTEGER,
    maxBytes: Number.MAX_SAFE_INTEGER,
    keptEvents: 1,
    clock: { nowMs: () => 0, wallUs: () => nowUs },
    ...rest,
  });
  const retain = (): number => {
    let steps = 0;
    for (let due = retention.due(); due !== null; due = retention.due(), steps++) {
      if (due === "remove") retention.remove(0);
      else retention.giveBack(1);
    }
    return steps;
  };
  return { log, open, retention, retain, [Symbol.dispose]: () => log.close() };
}

const checkpointFolds = (): Fold[] => [
  new OpenRequests(undefined, CHECKPOINT_PREFIX),
  ...createProjections(CHECKPOINT_PREFIX),
];

/** Every table of every fold, row by row. */
export function foldTables(db: Database): Record<string, unknown[]> {
  const tables = [new OpenRequests(), ...createProjections()].flatMap((fold) => fold.tables);
  return Object.fromEntries(
    tables.map((table) => [table, db.prepare(`select * from ${table} order by 1, 2`).raw().all()]),
  );
}
