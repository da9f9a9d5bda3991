import type { Database } from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { bucketStart } from "../../src/projections/rollup-levels.ts";
import { STATEMENT_COLUMNS, StatementRollup } from "../../src/projections/statement-rollup.ts";
import { StatementRollups } from "../../src/projections/statement-rollups.ts";
import { logFolder } from "../events/log-folder.ts";
import { liveBytes } from "../faults/heap.ts";
import { eventMoments } from "./event-sequences.ts";
import { dropped, errored, mirrored, tallied } from "./facts.ts";

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The beginning of a bucket of either level. */
const ZERO = 400_000 * HOUR;

type Rows = Record<string, number | string | null>[];

const rowsOf = (db: Database, table: string): Rows =>
  db.prepare<[], Rows[number]>(`select * from ${table} order by bucket, lane, statement`).all();

const TABLES = new StatementRollups().tables;
const dump = (db: Database): unknown =>
  TABLES.map((table) => db.prepare(`select * from ${table} order by 1, 2, 3`).raw().all());

async function withLog(fold: StatementRollups, use: (log: EventLog) => void | Promise<void>): Promise<void> {
  using folder = logFolder();
  using log = await EventLog.open({ path: folder.path, folds: [fold], synchronous: "off" });
  await use(log);
}

const gap = fc.constantFrom(0, 1000, 1_000_000, MINUTE, 7 * MINUTE, HOUR, 200 * HOUR);
/** The same outcomes, of a handful of statements. */
const moments = eventMoments(gap, 20).map((batches) =>
  batches.map((events) =>
    events.map((event): NewEvent => {
      if (event.kind !== "mirrored" && event.kind !== "errored" && event.kind !== "dropped") return event;
      return { ...event, statement: event.request % 4 };
    }),
  ),
);

test("a closed bucket of either level is what its events make", async () => {
  await fc.assert(
    fc.asyncProperty(moments, (batches) =>
      withLog(new StatementRollups("", 40), (log) => {
        const last = Math.max(...batches.flat().map(({ at }) => at));
        for (const events of batches) log.appendBatch(events);
        log.appendBatch([tallied(last + DAY, 0)]);
        for (const [table, us] of [
          ["statement_rollup_10m", 10 * MINUTE],
          ["statement_rollup_1h", HOUR],
          ["statement_rollup_1d", DAY],
        ] as const) {
          const expected = new Map<string, StatementRollup>();
          for (const event of batches.flat()) {
            if (event.kind !== "mirrored" && event.kind !== "errored" && event.kind !== "dropped") continue;
            const key = `${bucketStart(event.at, us)} ${event.lane} ${event.statement}`;
            const rollup = expected.get(key) ?? new StatementRollup();
            expected.set(key, rollup);
            rollup.add({ ...event, seq: 1 });
          }
          const kept = bucketStart(last + DAY, us) - (us < HOUR ? 8 : 90) * DAY;
          const stored = rowsOf(log.db, table).filter((row) => Number(row["bucket"]) >= kept);
          const wanted = [...expected].filter(([key]) => Number(key.split(" ")[0]) >= kept);
          expect(stored).toHaveLength(wanted.length);
          for (const row of stored) {
            const rollup = expected.get(`${row["bucket"]} ${row["lane"]} ${row["statement"]}`)!;
            const values = rollup.row().map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
            expect(STATEMENT_COLUMNS.map((column) => row[column])).toEqual(values);
          }
        }
      }),
    ),
    { numRuns: 25 },
  );
});

test("the tables do not depend on how events were cut into batches, nor on loads in between", async () => {
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 30 }), isLoaded: fc.boolean() }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(moments, cuts, async (batches, plan) => {
      const events = batches.flat();
      let whole: unknown = null;
      await withLog(new StatementRollups("", 40), (log) => {
        log.appendBatch(events);
        whole = dump(log.db);
      });
      const fold = new StatementRollups("", 40);
      await withLog(fold, (log) => {
        for (let start = 0, turn = 0; start < events.length; turn++) {
          const { size, isLoaded } = plan[turn % plan.length]!;
          log.appendBatch(events.slice(start, start + size));
          if (isLoaded) fold.load(log.db);
          start += size;
        }
        expect(dump(log.db)).toEqual(whole);
      });
    }),
    { numRuns: 25 },
  );
});

test("a load tells as many statements apart as there were, also when others share one already", async () => {
  const dumps: unknown[] = [];
  for (const isLoaded of [false, true]) {
    const fold = new StatementRollups("", 100);
    await withLog(fold, (log) => {
      const calls = Array.from({ length: 5100 }, (_, i) => mirrored(ZERO, { statement: i + 1 }));
      log.appendBatch(calls);
      if (isLoaded) fold.load(log.db);
      log.appendBatch(calls.slice(4950));
      const rows = rowsOf(log.db, "statement_rollup_10m");
      dumps.push(rows.map(({ lane, statement, mirrored: count }) => [lane, statement, count]));
    });
  }
  expect(dumps[1]).toEqual(dumps[0]);
});

test("two hundred statements of a bucket keep a row, those with problems first; the rest is statement 0", async () => {
  await withLog(new StatementRollups(), (log) => {
    const calls = Array.from({ length: 300 }, (_, i) => mirrored(ZERO, { statement: i + 1 }));
    log.appendBatch([
      ...calls,
      ...calls.slice(0, 250),
      errored(ZERO, { statement: 300 }),
      mirrored(ZERO, { statement: 299, parity: "different_rows" }),
      mirrored(ZERO, { statement: 0 }),
      tallied(ZERO + DAY, 0),
    ]);
    for (const table of ["statement_rollup_10m", "statement_rollup_1h", "statement_rollup_1d"]) {
      const rows = rowsOf(log.db, table);
      const named = rows.map(({ statement }) => Number(statement)).filter((statement) => statement > 0);
      expect(named).toEqual([...Array.from({ length: 198 }, (_, i) => i + 1), 299, 300]);
      const total = rows.reduce((sum, row) => sum + Number(row["mirrored"]), 0);
      expect(total).toBe(552);
      expect(rows[0]).toMatchObject({ statement: 0, mirrored: 52 * 2 + 48 + 1 });
    }
  });
});

test("errors are counted by SQLSTATE with the first message of each, eight of them and the rest together", async () => {
  await withLog(new StatementRollups(), (log) => {
    const of = (sqlstate: string, message: string): NewEvent => errored(ZERO, { statement: 7, sqlstate, message });
    log.appendBatch([
      of("42883", "first"),
      of("42883", "second"),
      errored(ZERO, { statement: 7, sqlstate: "", category: "timeout", message: "too late" }),
      ...Array.from({ length: 9 }, (_, i) => of(`9900${i}`, `made up ${i}`)),
      dropped(ZERO, { statement: 7, wasQueued: true }),
      tallied(ZERO + HOUR, 0),
    ]);
    const [row] = rowsOf(log.db, "statement_rollup_10m");
    const errors: [string, number, string][] = JSON.parse(String(row!["errors"]));
    expect(errors.slice(0, 2)).toEqual([
      ["42883", 2, "first"],
      ["timeout", 1, "too late"],
    ]);
    expect(errors.at(-1)).toEqual(["other", 3, "made up 6"]);
    expect(errors).toHaveLength(9);
    expect(row).toMatchObject({ errored: 12, dropped: 1 });
  });
});

test("an error that the log keeps without its words has none here either, as in a replay", async () => {
  await withLog(new StatementRollups(), (log) => {
    const failure = { category: "query", attribution: "other", sqlstate: "XX000" } as const;
    for (let i = 1; i <= 10_000; i++) log.failures.register({ ...failure, message: `${i}` });
    log.appendBatch([errored(ZERO, { ...failure, message: "one more" }), tallied(ZERO + HOUR, 0)]);
    expect(rowsOf(log.db, "statement_rollup_10m")[0]).toMatchObject({ errors: '[["XX000",1,""]]' });
  });
});

test("an hour stays for ninety days, ten minutes for eight", async () => {
  await withLog(new StatementRollups(), (log) => {
    log.appendBatch([mirrored(ZERO), mirrored(ZERO + 9 * DAY)]);
    log.appendBatch([tallied(ZERO + 9 * DAY + HOUR, 0)]);
    expect(rowsOf(log.db, "statement_rollup_10m").map(({ bucket }) => bucket)).toEqual([ZERO + 9 * DAY]);
    expect(rowsOf(log.db, "statement_rollup_1h")).toHaveLength(2);
    log.appendBatch([tallied(ZERO + 92 * DAY, 0)]);
    expect(rowsOf(log.db, "statement_rollup_1h").map(({ bucket }) => bucket)).toEqual([ZERO + 9 * DAY]);
  });
});

test("five thousand statements with latencies of all kinds take less than ten megabytes; more share one", async () => {
  const fold = new StatementRollups();
  const before = await liveBytes();
  for (let seq = 1; seq <= 60_000; seq++) {
    const mirrorUs = Math.floor(100 * 2 ** (8 * ((seq * 0.618) % 1)));
    fold.apply({ ...mirrored(ZERO, { statement: seq % 6000, mirrorUs, primaryUs: mirrorUs / 2 }), seq: seq % 19_999 });
  }
  const bytes = (await liveBytes()) - before;

  expect(bytes).toBeLessThan(10 * 1024 * 1024);
  expect(fold.tables).toHaveLength(4);
});
