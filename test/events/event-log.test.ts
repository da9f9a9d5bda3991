import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { type EventQuery, selectEvents } from "../../src/events/event-query.ts";
import type { MirrorEvent } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { countersReset, queued, runStarted, tallied } from "../projections/facts.ts";
import { anyEvent } from "./event-arbitrary.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

function scanned(log: EventLog): MirrorEvent[] {
  const events: MirrorEvent[] = [];
  log.reader.scan(0, (event) => events.push(event));
  return events;
}

test("whatever is appended is read back the same, by pages and by scan, in order, without gaps, no event older than the one before it", async () => {
  const batches = fc.array(fc.array(anyEvent, { maxLength: 130 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(batches, async (appended) => {
      using folder = logFolder();
      using log = await EventLog.open({ path: folder.path, folds: [] });
      log.appendBatch([runStarted(0)]);
      for (const batch of appended) log.appendBatch(batch);
      let at = 0;
      const expected = [runStarted(0), ...appended.flat()].map((event, index) => {
        at = Math.max(at, event.at);
        return { ...event, seq: index + 1, at };
      });
      expect(scanned(log)).toEqual(expected);
      expect(await log.reader.readEvents({ after: 0, limit: 1000 })).toEqual(expected);
      expect(log.lastSeq).toBe(expected.length);
    }),
    { numRuns: 30 },
  );
});

test("a page begins behind `after`, holds at most `limit` events and only what is asked for", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch([queued(1), tallied(2, 1), countersReset(3), queued(4), countersReset(5)]);
  const kinds = ["counters_reset", "queued"] as const;
  const seqs = async (query: EventQuery): Promise<number[]> => {
    return (await log.reader.readEvents(query)).map(({ seq }) => seq);
  };
  expect(await seqs({ after: 1, limit: 2, kinds })).toEqual([3, 4]);
  expect(await seqs({ after: 1, upTo: 3, limit: 2, kinds })).toEqual([3]);
  expect(await seqs({ after: 1, limit: 2 })).toEqual([2, 3]);
});

test("looking for rare kinds uses the index on them", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const kinds = ["marked", "run_started"] as const;
  const query = selectEvents(log.reader.kysely, { after: 5, limit: 10, kinds }).compile();
  const plan = log.db.prepare(`explain query plan ${query.sql}`);
  expect(JSON.stringify(plan.all(...query.parameters))).toContain("event_rare");
});

const runs = (events: MirrorEvent[]): number[] => events.flatMap((event) => (event.kind === "queued" ? event.run : []));

test("a queued event belongs to the latest run that began before it", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch([{ ...runStarted(1), run: 7 }, queued(2)]);
  log.appendBatch([{ ...runStarted(3), run: 8 }, queued(4)]);
  expect(runs(scanned(log))).toEqual([7, 8]);
  expect(runs(await log.reader.readEvents({ after: 3, limit: 1 }))).toEqual([8]);
  expect(log.reader.lastRun()).toBe(8);
});

test("numbers are not used again when everything before the last event was removed", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [] });
  first.appendBatch(marks(10));
  first.db.exec("delete from event where seq < 10");
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch(marks(1));
  expect(log.lastSeq).toBe(11);
});

test("an idle log is folded back into its file unless a reader holds on to it", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch(marks(1));
  using reader = openReader(folder.path);
  reader.db.exec("begin");
  reader.lastSeq();
  log.appendBatch(marks(1));
  expect(log.tidy()).toBe(false);
  reader.db.exec("commit");
  expect(log.tidy()).toBe(true);
});

test("time goes on from the last event when a log is opened again", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [] });
  first.appendBatch([tallied(50, 1)]);
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch([tallied(20, 1), tallied(60, 1), tallied(30, 1)]);
  expect(scanned(log).map(({ at }) => at)).toEqual([50, 50, 60, 60]);
  expect(log.lastAt).toBe(60);
});

test("the first event at a point in time or later is found, before, in and behind the log", async () => {
  const times = fc.array(fc.nat(20), { maxLength: 60 }).map((some) => some.toSorted((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(times, fc.nat(10), fc.integer({ min: -2, max: 22 }), async (ats, removed, at) => {
      using folder = logFolder();
      using log = await EventLog.open({ path: folder.path, folds: [] });
      log.appendBatch(ats.map((each) => tallied(each, 1)));
      log.db.prepare("delete from event where seq <= ? and seq < ?").run(removed, ats.length);
      const kept = Math.min(removed, Math.max(0, ats.length - 1));
      const index = ats.findIndex((each, position) => position >= kept && each >= at);
      expect(log.reader.seqAt(at)).toBe(index < 0 ? ats.length + 1 : index + 1);
    }),
    { numRuns: 60 },
  );
});
