import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PARITIES, SKIP_REASONS } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { RECORD_MIRRORED, RECORD_SKIP, RECORD_TALLY, RECORD_UNRECORDED } from "../../src/events/ring.ts";
import { expectBalance, readBooks } from "./books.ts";
import { SMALL_RING } from "./producer.ts";
import { NOW_US, openRecorder } from "./recorder-fixture.ts";

test("records become events under the names of the log, all of a moment at its end", async () => {
  using fixture = await openRecorder();
  const { log, recorder } = fixture;
  log.lanes.register("elsewhere", "app");
  const producer = fixture.attach(3);
  producer.tell({
    type: "failure",
    id: 1,
    category: "query",
    attribution: "compatibility",
    sqlstate: "42883",
    message: "no",
  });
  const [first, second] = [producer.queue(10)!, producer.queue(11)!];
  producer.mirror(first, 12);
  producer.fail(second, 13, 1);
  expect(recorder.drain()).toBe("idle");
  producer.publish(14);
  expect(recorder.drain()).toBe("done");
  expect(recorder.drain()).toBe("idle");
  const requested = { lane: 2, statement: 1 };
  const timed = { mirrorUs: 300, primaryUs: 200, waitUs: 10, root: null };
  expect(fixture.events()).toEqual([
    { kind: "queued", seq: 1, at: 14, request: 67, ...requested, run: 0, session: 5, bytes: 100 },
    { kind: "queued", seq: 2, at: 14, request: 131, ...requested, run: 0, session: 5, bytes: 100 },
    { kind: "mirrored", seq: 3, at: 14, request: 67, ...requested, ...timed, rows: 1, parity: "match" },
    {
      kind: "errored",
      seq: 4,
      at: 14,
      request: 131,
      ...requested,
      ...timed,
      category: "query",
      attribution: "compatibility",
      sqlstate: "42883",
      message: "no",
    },
    { kind: "tallied", seq: 5, at: 14, lane: 2, seen: 2 },
  ]);
  expect(log.reader.statementText(1)).toBe("select ?");
});

test("ledger records of one moment become one event for each lane and reason, at its end", async () => {
  using fixture = await openRecorder();
  const threads = [fixture.attach(1), fixture.attach(2)];
  threads.forEach(({ ring }, index) => {
    for (const at of [10, 20]) {
      ring.writeLedger(RECORD_TALLY, at + index, 1, 5, 0);
      ring.writeLedger(RECORD_SKIP, at + index, 1, 2, SKIP_REASONS.indexOf("exposure"));
      ring.writeLedger(RECORD_SKIP, at + index, 1, 1, SKIP_REASONS.indexOf("filter"));
      ring.writeLedger(RECORD_UNRECORDED, at + index, 1, 3, 0);
      ring.publish();
    }
  });
  fixture.drainAll();
  expect(fixture.events()).toEqual([
    { kind: "tallied", seq: 1, at: 21, lane: 1, seen: 20 },
    { kind: "skipped", seq: 2, at: 21, lane: 1, reason: "exposure", count: 8 },
    { kind: "skipped", seq: 3, at: 21, lane: 1, reason: "filter", count: 4 },
    { kind: "unrecorded", seq: 4, at: 21, lane: 1, from: 10, to: 21, requests: 12, cause: "ring_full" },
  ]);
});

test("any sequence of records arrives in order, each once, over any number of drains", async () => {
  const step = fc.record({ records: fc.integer({ min: 0, max: 700 }), drains: fc.integer({ min: 0, max: 2 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      using fixture = await openRecorder();
      const producer = fixture.attach(1);
      let written = 0;
      for (const { records, drains } of steps) {
        for (let i = 0; i < records && producer.ring.reserve(1); i++) {
          const root = written % 3 === 0 ? written : -1;
          const parity = written % PARITIES.length;
          producer.ring.writeOutcome(RECORD_MIRRORED, written, written++, 1, 1, 2 ** 32 - 1, 1, 0, 7, parity, root);
        }
        producer.ring.publish();
        for (let i = 0; i < drains; i++) fixture.recorder.drain();
      }
      fixture.drainAll();
      const events = fixture.events().map((event) => ({ ...event, seq: 0, at: 0 }));
      const figures = {
        kind: "mirrored",
        seq: 0,
        lane: 1,
        statement: 1,
        mirrorUs: 2 ** 32 - 1,
        primaryUs: 1,
        waitUs: 0,
        rows: 7,
      };
      expect(events).toEqual(
        Array.from({ length: written }, (_, i) => ({
          ...figures,
          at: 0,
          request: i,
          parity: PARITIES[i % PARITIES.length],
          root: i % 3 === 0 ? i : null,
        })),
      );
    }),
    { numRuns: 25 },
  );
});

test("a batch that is cut for its size still balances by itself", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1, 65_536);
  for (let at = 0; at < 100; at++) {
    for (let i = 0; i < 150; i++) producer.mirror(producer.queue(at)!, at);
    producer.publish(at);
  }
  expect(fixture.recorder.drain()).toBe("more");
  const cut = readBooks(fixture.log.reader);
  expect(cut.queued).toBeGreaterThan(5000);
  expect(cut.events.length).toBeLessThanOrEqual(20_001);
  expectBalance(cut);
  fixture.drainAll();
  const books = readBooks(fixture.log.reader);
  expect(books).toMatchObject({ seen: 15_000, outcomes: 15_000 });
  expectBalance(books);
});

test("a publication that is larger than a batch is not torn apart", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1, 65_536);
  for (let i = 0; i < 15_000; i++) producer.mirror(producer.queue(i)!, i);
  producer.publish(0);
  fixture.recorder.drain();
  const books = readBooks(fixture.log.reader);
  expect(books.queued).toBe(15_000);
  expectBalance(books);
});

test("rare events of the main thread and of the proxy threads are appended in the order of their times", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  producer.tell({ type: "observation", at: 5, mirroring: "m", state: "mirror_down", cause: "refused" });
  fixture.recorder.append({ kind: "marked", at: 6, text: "cut-over rehearsal", who: "ann" });
  fixture.drainAll();
  expect(fixture.events()).toEqual([
    { kind: "observation_changed", seq: 1, at: 5, mirroring: "m", state: "mirror_down", cause: "refused" },
    { kind: "marked", seq: 2, at: 6, text: "cut-over rehearsal", who: "ann" },
  ]);
});

test("a thread that has died: its ring is drained, its open requests are interrupted, its successor starts clean", async () => {
  using fixture = await openRecorder();
  const { recorder, open } = fixture;
  const [dead, other] = [fixture.attach(1), fixture.attach(2)];
  const kept = other.queue(1)!;
  other.publish(1);
  const [done, lost] = [dead.queue(2)!, dead.queue(3)!];
  dead.mirror(done, 4);
  dead.publish(4);
  recorder.detach(1);
  const successor = fixture.attach(1, SMALL_RING, 1000);
  successor.tell({ type: "lane", id: 1, mirroring: "candidate", database: "second" });
  const next = successor.queue(NOW_US)!;
  successor.publish(NOW_US);
  fixture.drainAll();
  const crash = { kind: "unrecorded", at: NOW_US, lane: null, from: 4, to: NOW_US, requests: null, cause: "crash" };
  const end = { kind: "dropped", at: NOW_US, request: lost, reason: "interrupted", wasQueued: true };
  const kinds = fixture.events(5);
  expect(kinds[0]).toMatchObject(crash);
  expect(kinds[1]).toMatchObject(end);
  expect(kinds.slice(2)).toMatchObject([
    { kind: "queued", request: next, lane: 2 },
    { kind: "tallied", lane: 2 },
  ]);
  expect([...open.values()].map(({ request }) => request)).toEqual([kept, next]);
});

test("an idle thread's death costs the time since its ring was last found empty, not that since its last request", async () => {
  let nowUs = NOW_US;
  using fixture = await openRecorder({ clock: { nowMs: () => nowUs / 1000, wallUs: () => nowUs } });
  const [idle, busy] = [fixture.attach(1), fixture.attach(2)];
  for (const producer of [idle, busy, busy, busy]) {
    nowUs += 3_600_000_000;
    producer.mirror(producer.queue(nowUs)!, nowUs);
    producer.publish(nowUs);
    fixture.drainAll();
  }
  const foundEmptyUs = nowUs;
  nowUs += 500_000;
  fixture.recorder.detach(1);
  fixture.drainAll();
  // A second more: what is published is not all that was seen.
  const gap = { kind: "unrecorded", cause: "crash", from: foundEmptyUs - 1_000_000, to: nowUs };
  expect(fixture.events().filter(({ kind }) => kind === "unrecorded")).toMatchObject([gap]);
});

test("a commit shows to a reader as a whole: every snapshot balances", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1, 16_384);
  using reader = openReader(fixture.log.db.name);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 40; i++) {
      const request = producer.queue(round)!;
      if (i % 4 > 0) producer.mirror(request, round);
    }
    producer.publish(round);
    fixture.recorder.drain();
    const books = readBooks(reader);
    expect(books.open.size).toBe(10 * (round + 1));
    expectBalance(books);
  }
});
