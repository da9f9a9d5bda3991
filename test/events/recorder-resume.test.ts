import { MessageChannel } from "node:worker_threads";
import { beforeAll, expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { KnownFacts } from "../../src/events/known-facts.ts";
import { LogClock } from "../../src/events/log-clock.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { Recorder } from "../../src/events/recorder.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { expectBalance, readBooks } from "./books.ts";
import { logFolder } from "./log-folder.ts";
import { Producer } from "./producer.ts";
import { FLUSH_MS, NOW_US } from "./recorder-fixture.ts";

/** A recorder on the log; a second one is what follows when the first one's thread has died. */
async function openRecorder(path: string): Promise<{ log: EventLog; recorder: Recorder } & Disposable> {
  const openRequests = new OpenRequests();
  const known = new KnownFacts();
  const log = await EventLog.open({ path, folds: [openRequests, known] });
  const clock = new LogClock({ nowMs: () => 0, wallUs: () => NOW_US }, log.lastAt);
  const recorder = new Recorder({ log, openRequests, run: 0, clock, flushMs: FLUSH_MS, report: () => {} });
  return { log, recorder, [Symbol.dispose]: () => log.close() };
}

/** The thread's names once more, on a port to the new recorder. */
function resume(recorder: Recorder, producer: Producer, isAnnounced = true): void {
  const { port1, port2 } = new MessageChannel();
  recorder.resume(producer.thread, producer.shared, port1);
  if (!isAnnounced) return;
  port2.postMessage({ type: "lane", id: 1, mirroring: "candidate", database: "app" });
  port2.postMessage({ type: "statement", id: 1, text: "select 1" });
  port2.postMessage({ type: "announced" });
}

function drainAll(recorder: Recorder): void {
  while (recorder.drain() !== "idle");
}

beforeAll(loadStatementParser);

test.each([
  ["in the middle of a commit", "before"],
  ["between a commit and the release of the rings", "after"],
])("records are read exactly once when the recorder dies %s", async (_what, moment) => {
  using folder = logFolder();
  const producer = new Producer(1);
  {
    using first = await openRecorder(folder.path);
    first.recorder.attach(1, producer.shared, producer.port);
    producer.mirror(producer.queue(1)!, 2);
    producer.publish(3);
    drainAll(first.recorder);
    producer.queue(4);
    producer.publish(5);
    const append = first.log.appendBatch.bind(first.log);
    first.log.appendBatch = (events) => {
      if (moment === "after") append(events);
      throw new Error("it dies here");
    };
    expect(first.recorder.drain()).toBe("failed");
  }
  using second = await openRecorder(folder.path);
  resume(second.recorder, producer);
  drainAll(second.recorder);
  const books = readBooks(second.log.reader);
  expectBalance(books);
  expect(books).toMatchObject({ queued: 2, outcomes: 1, seen: 2, gaps: 1 });
  producer.mirror(2 * 64 + 1, 6);
  producer.publish(7);
  drainAll(second.recorder);
  expect(readBooks(second.log.reader)).toMatchObject({ queued: 2, outcomes: 2, gaps: 1, open: new Set() });
  expect(second.log.lanes.rows.size).toBe(1);
  producer.close();
});

test("a ring waits for its thread's names, and others don't wait for it", async () => {
  using folder = logFolder();
  const [late, early] = [new Producer(1), new Producer(2)];
  using second = await openRecorder(folder.path);
  for (const producer of [late, early]) {
    producer.mirror(producer.queue(1)!, 2);
    producer.publish(3);
  }
  const { port1, port2 } = new MessageChannel();
  second.recorder.resume(1, late.shared, port1);
  resume(second.recorder, early);
  drainAll(second.recorder);
  expect(readBooks(second.log.reader)).toMatchObject({ outcomes: 1, gaps: 1 });
  port2.postMessage({ type: "lane", id: 1, mirroring: "candidate", database: "late" });
  port2.postMessage({ type: "announced" });
  drainAll(second.recorder);
  expectBalance(readBooks(second.log.reader));
  expect(second.log.reader.lanes().map(({ database }) => database)).toEqual(["app", "late"]);
  for (const producer of [late, early]) producer.close();
  port2.close();
});

test("a thread that died while there was no recorder is given up whole: its open requests end, the books balance", async () => {
  using folder = logFolder();
  const dead = new Producer(1);
  {
    using first = await openRecorder(folder.path);
    first.recorder.attach(1, dead.shared, dead.port);
    dead.queue(1);
    dead.publish(2);
    drainAll(first.recorder);
  }
  dead.mirror(64 + 1, 3);
  dead.queue(4);
  dead.publish(5);
  using second = await openRecorder(folder.path);
  resume(second.recorder, dead, false);
  second.recorder.detach(1);
  drainAll(second.recorder);
  const books = readBooks(second.log.reader);
  expectBalance(books);
  expect(books).toMatchObject({ queued: 1, interrupted: 1, open: new Set() });
  dead.close();
});
