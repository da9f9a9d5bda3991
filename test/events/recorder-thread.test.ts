import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { readResidues } from "../../src/projections/readiness/read-residue.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { expectBalance, readBooks } from "./books.ts";
import { logFolder } from "./log-folder.ts";
import { Producer, SMALL_RING } from "./producer.ts";
import { RecorderWorker } from "./recorder-worker.ts";

const ready = (worker: RecorderWorker): Promise<unknown> => waitFor(() => worker.reports.length > 0);

test("a run begins, records what comes, and ends with nothing missing", async () => {
  using folder = logFolder();
  const producer = new Producer(1);
  await using worker = new RecorderWorker(folder.path);
  await ready(worker);
  expect(worker.reports).toEqual([{ type: "ready", run: 1 }]);
  worker.attach(producer);
  producer.mirror(producer.queue(5)!, 6);
  producer.publish(7);
  worker.wake();
  using reader = openReader(folder.path);
  await waitFor(() => reader.lastSeq() === 4);
  producer.tell({ type: "observation", at: 8, mirroring: "candidate", state: "paused", cause: "asked" });
  worker.send({ type: "append", event: { kind: "marked", at: 9, text: "t", who: "w" } });
  producer.mirror(producer.queue(10)!, 11);
  producer.publish(12);
  worker.send({ type: "stop" });
  await worker.ended;
  expect(worker.reports.slice(1)).toEqual([{ type: "stopped" }]);
  const books = readBooks(reader);
  expectBalance(books);
  const kinds = books.events.map(({ kind }) => kind);
  expect(kinds.slice(0, 4)).toEqual(["run_started", "queued", "mirrored", "tallied"]);
  expect(kinds.slice(4).sort()).toEqual(
    ["marked", "mirrored", "observation_changed", "queued", "run_stopped", "tallied"].sort(),
  );
  expect(kinds.at(-1)).toBe("run_stopped");
  expect(reader.db.prepare("select requests_total, requests_mirrored from mirror_stats where lane = 0").get()).toEqual({
    requests_total: 2,
    requests_mirrored: 2,
  });
  producer.close();
});

test("a run that follows a clean end has nothing to recover", async () => {
  using folder = logFolder();
  for (const run of [1, 2]) {
    await using worker = new RecorderWorker(folder.path);
    await ready(worker);
    expect(worker.reports).toEqual([{ type: "ready", run }]);
    worker.send({ type: "stop" });
    await worker.ended;
  }
  using reader = openReader(folder.path);
  expect(readBooks(reader).events.map(({ kind }) => kind)).toEqual([
    "run_started",
    "run_stopped",
    "run_started",
    "run_stopped",
  ]);
});

test("the books balance in the next run, also when a thread that hung left a request open at a clean end", async () => {
  using folder = logFolder();
  for (const run of [1, 2]) {
    const producer = new Producer(1);
    await using worker = new RecorderWorker(folder.path);
    await ready(worker);
    worker.attach(producer);
    producer.queue(5);
    producer.publish(7);
    worker.wake();
    using reader = openReader(folder.path);
    await waitFor(() => readBooks(reader).queued === run);
    worker.send({ type: "stop" });
    await worker.ended;
    producer.close();
  }
  using reader = openReader(folder.path);
  const books = readBooks(reader);
  expectBalance(books);
  expect(books).toMatchObject({ queued: 2, interrupted: 1, gaps: 0 });
  expect(readResidues(reader)).toEqual(new Map());
});

test("a burst is written in few batches, and the last of it without another signal", async () => {
  using folder = logFolder();
  const producer = new Producer(1, 65_536);
  await using worker = new RecorderWorker(folder.path);
  await ready(worker);
  worker.attach(producer);
  for (let i = 0; i < 200; i++) {
    for (let k = 0; k < 50; k++) producer.mirror(producer.queue(i)!, i);
    producer.publish(i);
    worker.wake();
  }
  using reader = openReader(folder.path);
  await waitFor(() => readBooks(reader).outcomes === 10_000);
  // Each batch has one tallied event.
  const batches = readBooks(reader).events.filter(({ kind }) => kind === "tallied").length;
  expect(batches).toBeLessThan(20);
  producer.close();
});

test("a dead proxy thread and its successor are handled while the recorder sleeps", async () => {
  using folder = logFolder();
  const [dead, successor] = [new Producer(1), new Producer(1, SMALL_RING, 1000)];
  await using worker = new RecorderWorker(folder.path);
  await ready(worker);
  worker.attach(dead);
  dead.queue(5);
  dead.publish(6);
  dead.close();
  worker.send({ type: "detach", thread: 1 });
  using reader = openReader(folder.path);
  await waitFor(() => readBooks(reader).interrupted === 1);
  worker.attach(successor);
  successor.mirror(successor.queue(7)!, 8);
  successor.publish(9);
  worker.wake();
  await waitFor(() => reader.lastSeq() === 8);
  expect(readBooks(reader).gaps).toBe(1);
  successor.close();
});

test("a log that can't be opened is reported with its code, and the thread ends", async () => {
  using folder = logFolder();
  using _log = await EventLog.open({ path: folder.path, folds: [] });
  await using worker = new RecorderWorker(folder.path);
  await worker.ended;
  expect(worker.reports).toEqual([
    { type: "failed", code: "log_locked", message: expect.stringContaining("Another pgsoak writes") },
  ]);
});
