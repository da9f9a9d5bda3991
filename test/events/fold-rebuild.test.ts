import Sqlite, { type Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { readExtent } from "../../src/events/extent.ts";
import type { Fold } from "../../src/events/fold.ts";
import { KnownFacts } from "../../src/events/known-facts.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { projectionState } from "../../src/events/projection-state.ts";
import { mirrored, queued, runStarted } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";
import { manyEvents } from "./many-events.ts";
import { marks } from "./marks.ts";
import { foldTables, openRetained } from "./retained-log.ts";

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

test("a projection of rare kinds alone is rebuilt slice by slice too", async () => {
  using folder = logFolder();
  await logOf(folder.path, 1700);
  const sum = Object.assign(new Sum(), { rareKinds: ["run_started", "marked"] as const });
  using log = await EventLog.open({ path: folder.path, folds: [], projections: [sum] });
  const done: number[] = [];
  while (log.rebuild.progress !== null) {
    done.push(log.rebuild.progress.done);
    log.rebuildSome(0);
  }
  expect(done).toEqual([0, 500, 1000, 1500]);
  expect(sum.sum).toBe(sumTo(1700));
});

test.for([
  ["and goes on at once", false],
  ["also behind a restart", true],
] as const)(
  "a rebuild whose events are removed meanwhile begins anew with the checkpoint, %s",
  async ([, restarts]) => {
    using folder = logFolder();
    {
      using first = await openRetained(folder.path, { statementChunkEvents: 16 });
      for (const batch of manyEvents(first.log, 8000)) first.log.appendBatch(batch);
    }
    const lived = openReader(folder.path);
    const tables = foldTables(lived.db);
    lived.db.close();
    const other = new Sqlite(folder.path);
    other.exec("update fold_position set version = 0 where name <> 'open_requests'");
    other.close();
    const limits = { isRebuilding: true, statementChunkEvents: 16, retentionUs: 0, keptEvents: 4000 };
    let kept = await openRetained(folder.path, limits);
    while (kept.log.rebuild.progress?.done === 0) kept.log.rebuildSome(0);
    kept.retain();
    expect(kept.log.rebuild.progress!.done).toBeLessThan(readExtent(kept.log.db).removedSeq);
    if (restarts) {
      kept.log.close();
      kept = await openRetained(folder.path, limits);
    }
    while (kept.log.rebuild.progress !== null) kept.log.rebuildSome(0);
    expect(foldTables(kept.log.db)).toEqual(tables);
    kept.log.close();
  },
);

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

/** Keeps a row of each event that it has seen. */
class Seen implements Fold {
  readonly name = "seen";
  readonly version: number;
  readonly tables = ["seen"];
  #new: number[] = [];

  constructor(version = 1) {
    this.version = version;
  }
  clear(db: Database): void {
    db.exec("delete from seen");
  }
  load(): void {
    this.#new = [];
  }
  apply({ seq }: { seq: number }): void {
    this.#new.push(seq);
  }
  save(db: Database): void {
    const insert = db.prepare("insert into seen values (?, ?)");
    for (const seq of this.#new) insert.run(seq, this.version);
    this.#new = [];
  }
}

test("large tables of another version are emptied in steps that batches may come between, also after a restart", async () => {
  using folder = logFolder();
  await logOf(folder.path, 5000);
  const first = await EventLog.open({ path: folder.path, folds: [] });
  first.db.exec("create table seen (seq integer, version integer, primary key (version, seq)) without rowid");
  first.close();
  const second = await EventLog.open({ path: folder.path, folds: [new Seen()] });
  const rows = ({ db }: EventLog): number => db.prepare<[], number>("select count(*) from seen").pluck().get()!;
  expect(rows(second)).toBe(5000);
  second.close();

  const third = await EventLog.open({ path: folder.path, folds: [], projections: [new Seen(2)] });
  expect(rows(third)).toBe(5000);
  expect(projectionState(third.db)).toEqual([{ projection: "seen", done: 0, of: 5000, isWhole: false }]);
  third.rebuildSome(0);
  const left = rows(third);
  expect(left).toBeLessThan(5000);
  expect(left).toBeGreaterThan(0);
  third.close();

  using log = await EventLog.open({ path: folder.path, folds: [], projections: [new Seen(2)] });
  expect(rows(log)).toBe(left);
  while (log.rebuild.progress !== null) {
    log.appendBatch(marks(1));
    log.rebuildSome(0);
  }
  const versions = log.db.prepare<[], [number, number]>("select version, count(*) from seen group by version");
  expect(versions.raw().all()).toEqual([[2, log.lastSeq]]);
});

test("what is known of the mirrors is found at a start without reading any other event", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [new KnownFacts()] });
  const settings = { address: "10.0.0.7:5432" };
  const mirrorings = [{ name: "candidate", settings, exposure: 1 }];
  first.appendBatch([{ ...runStarted(1), mirrorings }, ...marks(200)]);
  const facts = (log: EventLog): unknown => log.db.prepare("select * from known_facts").all();
  const lived = facts(first);
  // A kind that nobody knows: whoever reads it is told so.
  first.db.exec("update event set kind = 99 where seq = 50; delete from known_facts; delete from fold_position");
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [new KnownFacts()] });
  expect(facts(log)).toEqual(lived);
  expect(lived).toHaveLength(1);
  expect(projectionState(log.db)).toMatchObject([{ projection: "known_facts", isWhole: true }]);
});
