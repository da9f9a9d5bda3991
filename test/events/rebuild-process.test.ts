import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { projectionState } from "../../src/events/projection-state.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { residueOf } from "../../src/projections/conservation.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { manyEvents } from "./many-events.ts";
import { LoadProcess } from "./load-process.ts";
import { logFolder } from "./log-folder.ts";
import { RecorderWorker } from "./recorder-worker.ts";

const EVENTS = 100_000;
/** Not more than a busy machine records: projections are rebuilt only while no new events wait. */
const LOAD = { requestsPerTurn: 10 };
const PATIENCE = { timeoutMs: 25_000 };

test("a service that must rebuild starts at once, records on, survives kill -9 in the middle and ends whole", async () => {
  using folder = logFolder();
  {
    using log = await EventLog.open({ path: folder.path, folds: [new OpenRequests()] });
    for (const batch of manyEvents(log, EVENTS)) log.appendBatch(batch);
  }
  using reader = openReader(folder.path);
  const leastDone = (): number => Math.min(...projectionState(reader.db).map(({ done }) => done));
  const isWhole = (): boolean => projectionState(reader.db).every((state) => state.isWhole);
  let isRebuilt = false;
  for (let done = 0; !isRebuilt; done = leastDone()) {
    await using load = await LoadProcess.start(folder.path, LOAD);
    expect(load.reports[0]).toMatchObject({ type: "ready" });
    await waitFor(() => leastDone() > done + EVENTS / 3 || isWhole(), PATIENCE);
    isRebuilt = isWhole();
    await load.kill();
    expect(leastDone()).toBeGreaterThan(done);
  }
  await using last = await LoadProcess.start(folder.path, LOAD);
  const recorded = reader.lastSeq();
  await waitFor(() => reader.lastSeq() > recorded + 1000 && isWhole(), PATIENCE);
  await last.end();
  for (const { balance, inFlight } of (await readStats(reader)).lanes) expect(residueOf(balance, inFlight)).toBe(0);

  const tables = (log: EventLog): unknown =>
    createProjections().flatMap((fold) => fold.tables.map((table) => log.db.prepare(`select * from ${table}`).all()));
  const live = await EventLog.open({ path: folder.path, folds: [] });
  const kept = tables(live);
  live.db.exec("delete from fold_position");
  live.close();
  using replayed = await EventLog.open({ path: folder.path, folds: createProjections() });
  expect(tables(replayed)).toEqual(kept);
}, 120_000);

test("progress is reported, and the end of it", async () => {
  using folder = logFolder();
  {
    using log = await EventLog.open({ path: folder.path, folds: [new OpenRequests()] });
    for (const batch of manyEvents(log, 50_000)) log.appendBatch(batch);
  }
  await using load = await LoadProcess.start(folder.path, LOAD);
  const rebuilding = (): unknown[] =>
    load.reports.filter(({ type }) => type === "rebuilding" || type === "log").map((report) => report);
  await waitFor(
    () => load.reports.some((report) => report.type === "rebuilding" && report.rebuilding === null),
    PATIENCE,
  );
  expect(rebuilding().slice(0, 2)).toMatchObject([
    { type: "log", message: "projections are being rebuilt", fields: { done: 0 } },
    { type: "rebuilding", rebuilding: { done: 0 } },
  ]);
  expect(rebuilding().slice(-2)).toEqual([
    { type: "log", level: "info", message: "projections are whole again" },
    { type: "rebuilding", rebuilding: null },
  ]);
}, 60_000);

test("a run knows its mirrorings from the start, also when what is known of them must be found anew", async () => {
  using folder = logFolder();
  const record = async (compare: string): Promise<void> => {
    const mirrorings = [{ name: "pg18", settings: { compare }, exposure: 1 }];
    await using worker = new RecorderWorker(folder.path, () => {}, { mirrorings });
    await waitFor(() => worker.reports.length > 0, PATIENCE);
    worker.send({ type: "stop" });
    await worker.ended;
  };
  await record("rows");
  {
    using log = await EventLog.open({ path: folder.path, folds: [] });
    log.db.exec("delete from fold_position; delete from known_facts");
  }
  await record("content");
  using reader = openReader(folder.path);
  const kinds: string[] = [];
  reader.scan(0, ({ kind }) => kinds.push(kind));
  expect(kinds).toContain("epoch_started");
}, 60_000);
