import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { MirrorEvent } from "../../src/events/event.ts";
import type { Fold } from "../../src/events/fold.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { errored, queued } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

/** Counts events in `in_flight` under lane -1, and fails on command. */
class Counter implements Fold {
  readonly name = "counter";
  readonly version: number;
  readonly tables = ["in_flight"];
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

test("a batch that fails leaves nothing behind, and the same batch can be appended later", async () => {
  using folder = logFolder();
  const counter = new Counter();
  using log = await EventLog.open({ path: folder.path, folds: [counter] });
  log.appendBatch(marks(3));
  const lane = log.lanes.register("m", "d");
  const batch = [queued(3, { lane }), errored(4, { lane, message: "never seen before" })];
  counter.failure = new Error("no space");
  expect(() => log.appendBatch(batch)).toThrow("no space");
  expect(log.lastSeq).toBe(3);
  expect(log.reader.lanes()).toEqual([]);
  counter.failure = null;
  log.appendBatch(batch);
  expect(counter.count).toBe(5);
  expect(log.reader.lanes()).toEqual([{ id: lane, mirroring: "m", database: "d" }]);
  const events: MirrorEvent[] = [];
  log.reader.scan(3, (event) => events.push(event));
  expect(events).toEqual([
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
