import type { Database } from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { type EventQuery, selectEvents } from "../../src/events/event-query.ts";
import type { MirrorEvent, NewEvent } from "../../src/events/event.ts";
import type { Fold } from "../../src/events/fold.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { countersReset, errored, queued, runStarted, tallied } from "../projections/facts.ts";
import { anyEvent } from "./event-arbitrary.ts";
import { logFolder } from "./log-folder.ts";

/** Counts events in `in_flight` under lane -1, and fails on command. */
class Counter implements Fold {
  readonly name = "counter";
  readonly version: number;
  count = 0;
  applied = 0;
  failure: Error | null = null;

  constructor(version = 1) {
    this.version = version;
  }
  clear(db: Database): void {
    db.exec("delete from in_flight where lane = -1");
    this.count = 0;
  }
  load(db: Database): void {
    const row = db.prepare<[], number>("select requests from in_flight where lane = -1").pluck().get();
    this.count = row ?? 0;
  }
  apply(): void {
    this.count++;
    this.applied++;
  }
  save(db: Database): void {
    db.prepare("insert or replace into in_flight values (-1, ?)").run(this.count);
    if (this.failure !== null) throw this.failure;
  }
}

const marks = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => ({ kind: "marked", at: index, text: `${index}`, who: "a test" }));

function scanned(log: EventLog): MirrorEvent[] {
  const events: MirrorEvent[] = [];
  log.reader.scan(0, (event) => events.push(event));
  return events;
}

test("whatever is appended is read back the same, by pages and by scan, in order and without gaps", async () => {
  const batches = fc.array(fc.array(anyEvent, { maxLength: 130 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(batches, async (appended) => {
      using folder = logFolder();
      using log = await EventLog.open({ path: folder.path, folds: [] });
      log.appendBatch([runStarted(0)]);
      for (const batch of appended) log.appendBatch(batch);
      const expected = [runStarted(0), ...appended.flat()].map((event, index) => ({ ...event, seq: index + 1 }));
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

test("a queued event belongs to the latest run that began before it", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  log.appendBatch([{ ...runStarted(1), run: 7 }, queued(2)]);
  log.appendBatch([{ ...runStarted(3), run: 8 }, queued(4)]);
  const runs = (events: MirrorEvent[]): number[] =>
    events.flatMap((event) => (event.kind === "queued" ? event.run : []));
  expect(runs(scanned(log))).toEqual([7, 8]);
  expect(runs(await log.reader.readEvents({ after: 3, limit: 1 }))).toEqual([8]);
  expect(log.reader.lastRun()).toBe(8);
});

test("a batch that fails leaves nothing behind, and the same batch can be appended later", async () => {
  using folder = logFolder();
  const counter = new Counter();
  using log = await EventLog.open({ path: folder.path, folds: [counter] });
  log.appendBatch(marks(3));
  const lane = log.lanes.register("m", "d");
  const batch = [queued(1, { lane }), errored(2, { lane, message: "never seen before" })];
  counter.failure = new Error("no space");
  expect(() => log.appendBatch(batch)).toThrow("no space");
  expect(log.lastSeq).toBe(3);
  expect(log.reader.lanes()).toEqual([]);
  counter.failure = null;
  log.appendBatch(batch);
  expect(counter.count).toBe(5);
  expect(log.reader.lanes()).toEqual([{ id: lane, mirroring: "m", database: "d" }]);
  expect(scanned(log).slice(3)).toEqual([
    { ...batch[0], run: 0, seq: 4 },
    { ...batch[1], seq: 5 },
  ]);
});

test("a fold goes on where it stands when the log is opened again", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [new Counter()] });
  first.appendBatch(marks(4));
  first.close();
  const counter = new Counter();
  using _log = await EventLog.open({ path: folder.path, folds: [counter] });
  expect(counter).toMatchObject({ count: 4, applied: 0 });
});

test("a fold that is new, or stands behind, catches up with the log", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [new Counter()] });
  first.appendBatch(marks(4));
  first.close();
  const second = await EventLog.open({ path: folder.path, folds: [] });
  second.appendBatch(marks(3));
  second.close();
  const [counter, late] = [new Counter(), new OpenRequests()];
  using log = await EventLog.open({ path: folder.path, folds: [counter, late] });
  expect(counter).toMatchObject({ count: 7, applied: 3 });
  const positions = log.db.prepare("select name, version, seq from fold_position order by name").all();
  expect(positions).toEqual([
    { name: "counter", version: 1, seq: 7 },
    { name: "open_requests", version: 1, seq: 7 },
  ]);
});

test("a fold of another version is rebuilt from the log", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [new Counter(1)] });
  first.appendBatch(marks(4));
  first.close();
  const counter = new Counter(2);
  using _log = await EventLog.open({ path: folder.path, folds: [counter] });
  expect(counter).toMatchObject({ count: 4, applied: 4 });
});

test("a reader sees the log beside its writer, but not what is not committed", async () => {
  using folder = logFolder();
  const counter = new Counter();
  using log = await EventLog.open({ path: folder.path, folds: [counter] });
  log.appendBatch(marks(2));
  using reader = openReader(folder.path);
  expect(reader.lastSeq()).toBe(2);
  counter.failure = new Error("no");
  expect(() => log.appendBatch(marks(1))).toThrow("no");
  expect(reader.lastSeq()).toBe(2);
  counter.failure = null;
  log.appendBatch(marks(1));
  expect(reader.lastSeq()).toBe(3);
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

test("a hundred databases of a mirroring have a lane of their own, the rest is `other`", async () => {
  using folder = logFolder();
  const first = await EventLog.open({ path: folder.path, folds: [] });
  for (let i = 1; i <= 100; i++) expect(first.lanes.register("m", `d${i}`)).toBe(i);
  first.appendBatch(marks(1));
  first.close();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const other = log.lanes.register("m", "d101");
  expect(log.lanes.register("m", "d102")).toBe(other);
  expect(log.lanes.register("m", "other")).toBe(other);
  expect(log.lanes.register("m", "d100")).toBe(100);
  expect(log.lanes.register("another", "d101")).not.toBe(other);
});

test("ten thousand failures keep their words, later ones their kind only", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const failure = { category: "query", attribution: "other", sqlstate: "XX000" } as const;
  for (let i = 1; i <= 10_000; i++) expect(log.failures.register({ ...failure, message: `${i}` })).toBe(i);
  const wordless = log.failures.register({ ...failure, message: "one more" });
  expect(log.failures.register({ ...failure, message: "and another" })).toBe(wordless);
  expect(log.failures.register({ ...failure, message: "" })).toBe(wordless);
  expect(log.failures.register({ ...failure, message: "17" })).toBe(17);
});
