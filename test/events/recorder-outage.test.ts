import { expect, test } from "vitest";
import type { EventLog } from "../../src/events/event-log.ts";
import { expectBalance, readBooks } from "./books.ts";
import { NOW_US, openRecorder } from "./recorder-fixture.ts";

/** Lets the log grow by so many pages only: SQLite then says SQLITE_FULL, as for a full disk. */
function limitPages(log: EventLog, more: number): void {
  const pages = log.db.pragma("page_count", { simple: true });
  log.db.pragma(`max_page_count = ${Number(pages) + more}`);
}

test("while the disk is full recording pauses and losses are counted; then it goes on and the books are closed", async () => {
  using fixture = await openRecorder();
  const { log, recorder, reports } = fixture;
  const producer = fixture.attach(1);
  limitPages(log, 5);
  let refused = 0;
  for (let i = 0; refused < 100; i++) {
    producer.tell({ type: "statement", id: 2, text: "select named_during_the_outage" });
    const request = producer.queue(NOW_US);
    if (request === null) refused++;
    else producer.mirror(request, NOW_US);
    producer.publish(NOW_US);
    recorder.drain();
  }
  expect(reports).toEqual([{ type: "recording", state: "broken", cause: "database or disk is full" }]);
  expect(recorder.outage.pauseMs).toBe(1000);
  expectBalance(readBooks(log.reader));
  recorder.append({ kind: "counters_reset", at: NOW_US, who: "ann" });
  expect(recorder.drain()).toBe("failed");
  limitPages(log, 10_000);
  expect(recorder.drain()).toBe("done");
  expect(reports[1]).toEqual({ type: "recording", state: "ok", cause: "" });
  expect(recorder.outage.pauseMs).toBe(0);
  expect(producer.publish(NOW_US)).toBe(true);
  fixture.drainAll();
  const books = readBooks(log.reader);
  expectBalance(books);
  expect(books).toMatchObject({ unrecorded: refused, open: new Set() });
  expect(books.events).toContainEqual(expect.objectContaining({ kind: "unrecorded", cause: "write_failed" }));
  expect(books.events).toContainEqual(expect.objectContaining({ kind: "counters_reset" }));
  expect(log.db.prepare("select text from statement order by id").pluck().all()).toContain(
    "select named_during_the_outage",
  );
});

test("rare events beyond ten thousand are lost during an outage, and the log says so", async () => {
  using fixture = await openRecorder();
  const { log, recorder } = fixture;
  limitPages(log, 0);
  for (let i = 0; i < 10_500; i++) recorder.append({ kind: "marked", at: NOW_US, text: "x".repeat(20), who: "a test" });
  expect(recorder.drain()).toBe("failed");
  limitPages(log, 10_000);
  fixture.drainAll();
  const events = fixture.events();
  // The last two are the outage itself and what it cost.
  expect(events).toHaveLength(10_002);
  const gap = { kind: "unrecorded", lane: null, from: NOW_US, to: NOW_US, requests: null, cause: "write_failed" };
  expect(events.at(-1)).toMatchObject(gap);
});
