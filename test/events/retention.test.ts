import { statSync } from "node:fs";
import { expect, test } from "vitest";
import type { MirrorEvent } from "../../src/events/event.ts";
import { readExtent } from "../../src/events/extent.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { dropped, mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";
import { manyEvents } from "./many-events.ts";
import { marks } from "./marks.ts";
import { RecorderWorker } from "./recorder-worker.ts";
import { foldTables, openRetained } from "./retained-log.ts";
import { waitFor } from "../helpers/wait-for.ts";

test("events older than the retention are removed, and what was removed is known", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 100 });
  const { log, retain } = retained;
  log.appendBatch(marks(1000));
  retain();
  expect(readExtent(log.db)).toEqual({
    firstSeq: 900,
    firstAt: 899,
    lastSeq: 1000,
    lastAt: 999,
    removedSeq: 899,
    removedAt: 898,
  });
  expect(retain()).toBe(0);
  log.appendBatch(marks(1));
  expect(log.lastSeq).toBe(1001);
});

test("limits that change hold from the next look on, in the recorder too", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path);
  const { log, retention, retain } = retained;
  log.appendBatch(marks(1000));
  expect(retain()).toBe(0);
  retention.keep({ retentionUs: 100, maxBytes: Number.MAX_SAFE_INTEGER });
  retain();
  expect(readExtent(log.db)).toMatchObject({ firstSeq: 900, lastSeq: 1000 });
  log.close();

  await using worker = new RecorderWorker(folder.path, undefined, { keptEvents: 1 });
  await waitFor(() => worker.reports.some(({ type }) => type === "ready"));
  worker.send({ type: "reconfigure", mirrorings: [], retentionMs: 1, maxSizeBytes: Number.MAX_SAFE_INTEGER });
  using reader = openReader(folder.path);
  await waitFor(() => readExtent(reader.db).firstSeq > 900, { message: "what is older than the new retention goes" });
});

test("a log whose clock jumped ahead loses nothing that its events don't call old", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 1000, nowUs: 4e15 });
  retained.log.appendBatch(marks(1000));
  expect(retained.retain()).toBe(0);
});

test("the newest event always stays, so that the log knows where it ends", async () => {
  using folder = logFolder();
  {
    using retained = await openRetained(folder.path, { maxBytes: 0 });
    retained.log.appendBatch(marks(700));
    retained.retain();
    expect(readExtent(retained.log.db)).toMatchObject({ firstSeq: 700, lastSeq: 700, removedSeq: 699 });
  }
  using retained = await openRetained(folder.path);
  retained.log.appendBatch(marks(1));
  expect(retained.log.lastSeq).toBe(701);
});

test("a log that is too large loses its oldest events, and the space is given back", async () => {
  using folder = logFolder();
  const limits = { maxBytes: 1_000_000, freeBytesKept: 100_000 };
  using retained = await openRetained(folder.path, limits);
  const { log, retain } = retained;
  for (const batch of manyEvents(log, 50_000)) log.appendBatch(batch);
  log.tidy();
  expect(statSync(folder.path).size).toBeGreaterThan(1_500_000);
  retain();
  log.tidy();
  expect(statSync(folder.path).size).toBeLessThan(limits.maxBytes + limits.freeBytesKept + 50_000);
  const { firstSeq, removedSeq } = readExtent(log.db);
  expect(firstSeq).toBe(removedSeq + 1);
  expect(firstSeq).toBeLessThan(40_000);
});

test("a request that was queued before the cut and is open still survives it, and a restart", async () => {
  using folder = logFolder();
  const limits = { maxBytes: 0, youngEvents: 20 };
  const others = (count: number) =>
    Array.from({ length: count }, (_, i) => [
      queued(2, { request: 100 + i }),
      mirrored(2, { request: 100 + i }),
    ]).flat();
  {
    using retained = await openRetained(folder.path, limits);
    retained.log.appendBatch([
      runStarted(1),
      queued(1, { request: 7, lane: 3 }),
      ...others(40),
      queued(2, { request: 8 }),
    ]);
    retained.retain();
    retained.log.appendBatch(others(3));
  }
  using retained = await openRetained(folder.path, limits);
  expect([...retained.open.values()].map(({ request, seq }) => [request, seq])).toEqual([
    [7, 2],
    [8, 83],
  ]);
  retained.log.appendBatch([dropped(3, { request: 7, lane: 3, wasQueued: true }), mirrored(3, { request: 8 })]);
  expect(retained.open.size).toBe(0);
  expect(foldTables(retained.log.db)["open_request"]).toEqual([]);
});

test("events behind the cut still know their run", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 10 });
  const { log, retain } = retained;
  log.appendBatch([
    runStarted(1),
    ...marks(300),
    { ...runStarted(400), run: 2 },
    queued(500),
    queued(500, { request: 2 }),
  ]);
  retain();
  const events: MirrorEvent[] = [];
  log.reader.scan(0, (event) => events.push(event));
  expect(events).toMatchObject([
    { seq: 303, run: 2 },
    { seq: 304, run: 2 },
  ]);
});

test("a fold that is built anew begins with the checkpoint and comes out as if nothing had been removed", async () => {
  using folder = logFolder();
  const limits = { statementChunkEvents: 100, keptEvents: 100 };
  let lived: unknown;
  {
    using retained = await openRetained(folder.path, { maxBytes: 300_000, ...limits });
    const { log, retain } = retained;
    for (const batch of manyEvents(log, 20_000)) log.appendBatch(batch);
    expect(retain()).toBeGreaterThan(10);
    lived = foldTables(log.db);
    log.db.exec("delete from fold_position");
  }
  using retained = await openRetained(folder.path, limits);
  expect(foldTables(retained.log.db)).toEqual(lived);
});

test("a step that fails leaves nothing behind, and the next one goes on", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 10 });
  const { log, retention, retain } = retained;
  const lane = log.lanes.register("m", "d");
  const batch = Array.from({ length: 800 }, (_, at) => tallied(at, 1, { lane }));
  log.appendBatch(batch);
  retention.remove(0);
  const { removedSeq } = readExtent(log.db);
  const checkpoint = log.db.prepare("select * from checkpoint_mirror_stats").all();
  log.db.exec("create trigger refuse before delete on event begin select raise(abort, 'disk full'); end");
  expect(() => retention.remove(0)).toThrow("disk full");
  expect(readExtent(log.db)).toMatchObject({ firstSeq: removedSeq + 1, removedSeq });
  expect(log.db.prepare("select * from checkpoint_mirror_stats").all()).toEqual(checkpoint);
  log.db.exec("drop trigger refuse");
  retain();
  const removed = readExtent(log.db).removedSeq;
  expect(log.db.prepare("select seen from checkpoint_ledger_balance where lane = ?").pluck().get(lane)).toBe(removed);
});

test("a fold that the checkpoint knew in another shape begins with the first event that is left, and that is said", async () => {
  using folder = logFolder();
  {
    using retained = await openRetained(folder.path, { retentionUs: 10 });
    retained.log.appendBatch(Array.from({ length: 800 }, (_, at) => tallied(at, 1)));
    retained.retain();
    retained.log.db.exec("alter table mirror_stats add column more integer; delete from fold_position");
  }
  const forgotten: string[] = [];
  using retained = await openRetained(folder.path, {
    retentionUs: 5,
    onForgotten: (names) => forgotten.push(...names),
  });
  const { log, retain } = retained;
  const left = 800 - readExtent(log.db).removedSeq;
  const seen = (table: string, column: string): unknown =>
    log.db.prepare(`select ${column} from ${table} where lane = 1`).pluck().get();
  expect(seen("mirror_stats", "requests_total")).toBe(left);
  expect(seen("ledger_balance", "seen")).toBe(800);
  retain();
  expect(forgotten).toEqual(["mirror_stats"]);
  log.db.exec("delete from fold_position");
  log.close();
  using again = await openRetained(folder.path);
  expect(again.log.db.prepare("select requests_total from mirror_stats where lane = 1").pluck().get()).toBe(left);
});

test("what another version left in a large checkpoint goes in steps, before the first event does", async () => {
  using folder = logFolder();
  {
    using retained = await openRetained(folder.path, { retentionUs: 500 });
    retained.log.appendBatch(Array.from({ length: 800 }, (_, at) => tallied(at, 1)));
    retained.retain();
    retained.log.db.exec(`update checkpoint_fold_position set version = 0 where name = 'notes';
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
      insert into checkpoint_marker select i, 0, '', '' from n`);
  }
  using retained = await openRetained(folder.path, { retentionUs: 5 });
  const { log, retention, retain } = retained;
  const markers = (): number => log.db.prepare<[], number>("select count(*) from checkpoint_marker").pluck().get()!;
  const { removedSeq } = readExtent(log.db);
  expect(retention.remove(0)).toBe(0);
  expect(markers()).toBeLessThan(3000);
  expect(markers()).toBeGreaterThan(0);
  expect(readExtent(log.db).removedSeq).toBe(removedSeq);
  retain();
  expect(markers()).toBe(0);
  expect(readExtent(log.db).removedSeq).toBeGreaterThan(removedSeq);
});

test("a reader that keeps an old snapshot sees what it saw, and holds nothing up", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 10 });
  const { log, retain } = retained;
  log.appendBatch(marks(1000));
  using reader = openReader(folder.path);
  reader.db.exec("begin");
  expect(readExtent(reader.db)).toMatchObject({ firstSeq: 1, removedSeq: 0 });
  retain();
  expect(readExtent(reader.db)).toMatchObject({ firstSeq: 1, removedSeq: 0 });
  reader.db.exec("commit");
  expect(readExtent(reader.db)).toMatchObject({ firstSeq: 990, removedSeq: 989 });
});
