import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { Fold } from "../../src/events/fold.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { projectionState } from "../../src/events/projection-state.ts";
import { mirrored, queued, runStarted } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

/** Sums up the seqs that it has seen, in `in_flight` under lane -1, and fails on command. */
class Sum implements Fold {
  readonly name = "sum";
  readonly version: number;
  readonly tables = ["in_flight"];
  sum = 0;
  failure: Error | null = null;

  constructor(version = 1) {
    this.version = version;
  }
  clear(db: Database): void {
    db.exec("delete from in_flight where lane = -1");
    this.sum = 0;
  }
  load(db: Database): void {
    this.sum = db.prepare<[], number>("select requests from in_flight where lane = -1").pluck().get() ?? 0;
  }
  apply({ seq }: { seq: number }): void {
    this.sum += seq;
  }
  save(db: Database): void {
    db.prepare("insert or replace into in_flight values (-1, ?)").run(this.sum);
    if (this.failure !== null) throw this.failure;
  }
}

const sumTo = (seq: number): number => (seq * (seq + 1)) / 2;

async function logOf(path: string, events: number): Promise<void> {
  using log = await EventLog.open({ path, folds: [] });
  log.appendBatch(marks(events));
}

test("a projection that is new is rebuilt slice by slice while batches come, and sees every event once", async () => {
  using folder = logFolder();
  await logOf(folder.path, 3000);
  const sum = new Sum();
  using log = await EventLog.open({ path: folder.path, folds: [], projections: [sum] });
  expect(log.rebuild.progress).toEqual({ projection: "sum", done: 0, of: 3000 });
  let slices = 0;
  for (; log.rebuild.progress !== null; slices++) {
    log.appendBatch(marks(100));
    expect(projectionState(log.db)).toEqual([
      { projection: "sum", done: slices * 500, of: log.lastSeq, isWhole: false },
    ]);
    log.rebuildSome(0);
  }
  expect(slices).toBeGreaterThan(6);
  expect(projectionState(log.db)).toMatchObject([{ done: log.lastSeq, isWhole: true }]);
  log.appendBatch(marks(1));
  expect(sum.sum).toBe(sumTo(log.lastSeq));
  expect(projectionState(log.db)).toMatchObject([{ done: log.lastSeq, isWhole: true }]);
});

test("a rebuild goes on where it stood when the log is opened again", async () => {
  using folder = logFolder();
  await logOf(folder.path, 2000);
  const first = await EventLog.open({ path: folder.path, folds: [], projections: [new Sum()] });
  first.rebuildSome(0);
  first.close();
  const sum = new Sum();
  using log = await EventLog.open({ path: folder.path, folds: [], projections: [sum] });
  expect(log.rebuild.progress).toMatchObject({ done: 500 });
  while (log.rebuild.progress !== null) log.rebuildSome(0);
  expect(sum.sum).toBe(sumTo(2000));
});

test("a rebuild of another version begins anew", async () => {
  using folder = logFolder();
  await logOf(folder.path, 2000);
  const first = await EventLog.open({ path: folder.path, folds: [], projections: [new Sum()] });
  first.rebuildSome(0);
  first.close();
  const sum = new Sum(2);
  using log = await EventLog.open({ path: folder.path, folds: [], projections: [sum] });
  expect(log.rebuild.progress).toMatchObject({ done: 0 });
  while (log.rebuild.progress !== null) log.rebuildSome(0);
  expect(sum.sum).toBe(sumTo(2000));
});

test("a slice that fails leaves nothing behind, and is folded again", async () => {
  using folder = logFolder();
  await logOf(folder.path, 1200);
  const sum = new Sum();
  using log = await EventLog.open({ path: folder.path, folds: [], projections: [sum] });
  log.rebuildSome(0);
  sum.failure = new Error("no space");
  expect(() => log.rebuildSome(0)).toThrow("no space");
  expect(projectionState(log.db)).toMatchObject([{ done: 500 }]);
  sum.failure = null;
  log.appendBatch(marks(10));
  while (log.rebuild.progress !== null) log.rebuildSome(0);
  expect(sum.sum).toBe(sumTo(1210));
});

test("the open requests are whole from the start: a rebuild of them begins with the last run", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [new OpenRequests()] });
  first.appendBatch([runStarted(1), queued(2, { request: 7 }), queued(2, { request: 8, lane: 2 })]);
  first.appendBatch([{ ...runStarted(3), run: 2 }, queued(4, { request: 7, lane: 3 }), queued(5, { request: 9 })]);
  first.appendBatch([mirrored(6, { request: 9 })]);
  const tables = (log: EventLog): unknown =>
    ["in_flight", "open_request", "fold_position"].map((table) => log.db.prepare(`select * from ${table}`).all());
  const lived = tables(first);
  first.db.exec("delete from fold_position; delete from event where seq < 4");
  first.close();
  const open = new OpenRequests();
  using log = await EventLog.open({ path: folder.path, folds: [open] });
  expect([...open.values()]).toEqual([{ request: 7, seq: 5, lane: 3, statement: 0 }]);
  expect(tables(log)).toEqual(lived);
});
