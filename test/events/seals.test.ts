import Sqlite from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { markSealsRemoved, SEAL_EVENTS as DEFAULT_SEAL_EVENTS } from "../../src/events/seals.ts";
import { verifySeals } from "../../src/events/verify-seals.ts";
import { errored, mirrored, queued, tallied } from "../projections/facts.ts";
import { anyEvent } from "./event-arbitrary.ts";
import { flipBit, offsetOf } from "./flip-bit.ts";
import { logFolder } from "./log-folder.ts";
import { marks } from "./marks.ts";

const SEAL_EVENTS = 10;

const open = (path: string): Promise<EventLog> => EventLog.open({ path, folds: [], sealEvents: SEAL_EVENTS });

const clean = (events: number, removedRanges = 0): unknown => ({ events, removedRanges, differences: [] });

/** A change behind pgsoak's back that leaves a well-formed database. */
function tamper(path: string, sql: string): void {
  const db = new Sqlite(path);
  db.exec(sql);
  db.close();
}

const seals = (log: EventLog): unknown[] => log.db.prepare("select * from seal order by first_seq").all();

test("ranges are sealed at the same places however the events were cut into batches", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat({ max: 59 }), { maxLength: 8 }),
      async (events, cuts) => {
        const sealed = async (batches: readonly (readonly NewEvent[])[]): Promise<unknown[]> => {
          using folder = logFolder();
          using log = await open(folder.path);
          for (const batch of batches) log.appendBatch(batch);
          expect(verifySeals(log.db)).toEqual(clean(events.length));
          return seals(log);
        };
        const places = [0, ...cuts.toSorted((a, b) => a - b), events.length];
        const batches = places.slice(1).map((end, index) => events.slice(places[index], end));
        const whole = await sealed([events]);
        expect(whole).toHaveLength(Math.floor(events.length / SEAL_EVENTS));
        expect(await sealed(batches)).toEqual(whole);
      },
    ),
    { numRuns: 25 },
  );
});

test("a range goes on where it was after a restart, and after a batch that was refused", async () => {
  using folder = logFolder();
  {
    using log = await open(folder.path);
    log.appendBatch(marks(7));
  }
  using log = await open(folder.path);
  log.db.exec("create temp trigger refuse before insert on event begin select raise(abort, 'refused'); end");
  expect(() => log.appendBatch(marks(15))).toThrow("refused");
  log.db.exec("drop trigger refuse");
  log.appendBatch(marks(8));
  expect(seals(log)).toMatchObject([{ first_seq: 1, last_seq: 10, events: 10, removed: 0 }]);
  expect(verifySeals(log.db)).toEqual(clean(15));
});

test("one flipped bit in the middle of the file, which SQLite can't see, is found with its range", async () => {
  using folder = logFolder();
  {
    using log = await open(folder.path);
    for (let i = 0; i < 50; i++) log.appendBatch(marks(20).map((mark, k) => ({ ...mark, text: `note ${i}/${k}.` })));
  }
  flipBit(folder.path, offsetOf(folder.path, "note 25/3.") + 5);
  using reader = openReader(folder.path);
  expect(reader.db.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(verifySeals(reader.db)).toEqual({
    events: 1000,
    removedRanges: 0,
    differences: [{ firstSeq: 501, lastSeq: 510, why: "its checksum differs" }],
  });
});

const rows: readonly NewEvent[] = Array.from({ length: 25 }, (_, i) => [
  queued(1000 + i, { request: i }),
  mirrored(2 ** 50 + i, { request: i, root: 0 }),
  errored(3000 + i, { request: i }),
  tallied(4000 + i, i),
]).flat();

test.each([
  ["at", "update event set at = at + 4294967296 where seq = 42", "its checksum differs"],
  ["a number", "update event set amount = amount + 1 where seq = 42", "its checksum differs"],
  ["a root that was 0", "update event set root = null where seq = 42", "its checksum differs"],
  ["a detail", "update event set detail = '' where seq = 42", "its checksum differs"],
  ["the type of a value", "update event set amount = amount + 0.5 where seq = 42", "its checksum differs"],
  [
    "two events' places",
    "update event set seq = -seq where seq = 42; update event set seq = 42 where seq = 43;" +
      "update event set seq = 43 where seq = -42",
    "its checksum differs",
  ],
  ["an event that is gone", "delete from event where seq = 42", "it has 9 events instead of 10"],
  ["the seal itself", "update seal set checksum = checksum + 1 where first_seq = 41", "its checksum differs"],
])("a change of %s is found", async (_what, sql, why) => {
  using folder = logFolder();
  {
    using log = await open(folder.path);
    log.appendBatch(rows);
  }
  tamper(folder.path, sql);
  using reader = openReader(folder.path);
  expect(verifySeals(reader.db).differences).toEqual([{ firstSeq: 41, lastSeq: 50, why }]);
});

test("a change behind the last seal is found too", async () => {
  using folder = logFolder();
  {
    using log = await open(folder.path);
    log.appendBatch(marks(15));
  }
  tamper(folder.path, "update event set at = 77 where seq = 13");
  using reader = openReader(folder.path);
  expect(verifySeals(reader.db).differences).toEqual([{ firstSeq: 11, lastSeq: 15, why: "its checksum differs" }]);
});

test("ranges whose events were removed on purpose are known as such and miss nothing", async () => {
  using folder = logFolder();
  using log = await open(folder.path);
  log.appendBatch(marks(47));
  log.db.transaction(() => {
    log.db.exec("delete from event where seq <= 20");
    markSealsRemoved(log.db, 20);
  })();
  expect(verifySeals(log.db)).toEqual(clean(27, 2));
  log.appendBatch(marks(5));
  expect(verifySeals(log.db)).toEqual(clean(32, 2));
});

test("progress is told for each range, up to all that was sealed", async () => {
  using folder = logFolder();
  using log = await open(folder.path);
  log.appendBatch(marks(35));
  const told: unknown[] = [];
  verifySeals(log.db, (progress) => told.push(progress));
  expect(told).toEqual([10, 20, 30].map((events) => ({ events, eventsTotal: 35 })));
});

test("a service seals every hundred thousand events", async () => {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [] });
  const batch = marks(20_000);
  for (let i = 0; i <= 5; i++) log.appendBatch(batch);
  expect(seals(log)).toMatchObject([{ first_seq: 1, last_seq: DEFAULT_SEAL_EVENTS, events: 100_000 }]);
  expect(verifySeals(log.db)).toEqual(clean(120_000));
});
