import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NewEvent } from "../../src/events/event.ts";
import { Rollup, ROLLUP_COLUMNS } from "../../src/projections/rollup.ts";
import { bucketStart, ROLLUP_LEVELS, type RollupLevel } from "../../src/projections/rollup-levels.ts";
import { Rollups } from "../../src/projections/rollups.ts";
import { eventMoments } from "./event-sequences.ts";
import { dropped, errored, mirrored, queued, runStarted, skipped, tallied, unrecorded } from "./facts.ts";
import { type Folded, given } from "./given.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The beginning of a bucket of every level. */
const HOUR_ZERO = 400_000 * HOUR;

const TABLES = new Rollups().tables;

/** Everything as it stands on disk. */
function dump({ db }: Folded): unknown {
  return TABLES.map((table) => db.prepare(`select * from ${table} order by 1, 2`).raw().all());
}

function rowsOf({ db }: Folded, table: string): Record<string, unknown>[] {
  return db.prepare<[], Record<string, unknown>>(`select * from ${table} order by bucket, lane`).all();
}

const gap = fc.constantFrom(0, 1000, 300_000, SECOND, 7 * SECOND, MINUTE, 11 * MINUTE, HOUR, 200 * HOUR);

/** The rows that the events of a level make, folded from the events alone. */
function naiveRows(events: readonly NewEvent[], level: RollupLevel): Map<string, Rollup> {
  const rows = new Map<string, Rollup>();
  const flying = new Map<number, number>();
  for (const event of events) {
    const of = (lane: number): Rollup => {
      const key = `${bucketStart(event.at, level.us)} ${lane}`;
      const rollup = rows.get(key) ?? new Rollup();
      rows.set(key, rollup);
      return rollup;
    };
    switch (event.kind) {
      case "queued":
      case "mirrored":
      case "errored":
      case "dropped":
      case "tallied":
      case "skipped": {
        const rollup = of(event.lane);
        rollup.add({ ...event, seq: 1 });
        const before = flying.get(event.lane) ?? 0;
        const isEnd =
          event.kind === "mirrored" || event.kind === "errored" || (event.kind === "dropped" && event.wasQueued);
        const after = before + (event.kind === "queued" ? 1 : isEnd ? -1 : 0);
        rollup.sawInFlight(Math.max(before, after));
        flying.set(event.lane, after);
        break;
      }
      case "unrecorded":
        if ((event.requests ?? 0) > 0) of(event.lane ?? 0).counters.unrecorded += event.requests ?? 0;
        break;
      case "run_started":
        flying.clear();
        break;
      case "run_stopped":
      case "observation_changed":
      case "epoch_started":
      case "marked":
      case "mirror_seen":
      case "idled":
      case "counters_reset":
        break;
    }
  }
  return rows;
}

test("a closed bucket of any level is what its events make, and none is missing as long as it is kept", async () => {
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), async (batches) => {
      using log = await given(new Rollups());
      for (const events of batches) log.when(...events);
      const events = batches.flat();
      const now = Math.max(0, ...rowsOf(log, "rollup_1s").map((row) => Number(row["bucket"])));
      for (const level of ROLLUP_LEVELS) {
        const closedTo = bucketStart(now, level.us);
        const isKnown = (bucket: number): boolean =>
          bucket >= closedTo - level.keptUs && (bucket < closedTo || level.us === SECOND);
        const expected = [...naiveRows(events, level)].filter(([key]) => isKnown(Number(key.split(" ")[0])));
        const stored = rowsOf(log, level.table).filter((row) => isKnown(Number(row["bucket"])));
        const found = stored.map((row) => [`${String(row["bucket"])} ${String(row["lane"])}`, row]);
        expect(found.map(([key]) => key)).toEqual(expected.map(([key]) => key).toSorted(byNumbers));
        const byKey = new Map(expected);
        for (const row of stored) {
          const rollup = byKey.get(`${String(row["bucket"])} ${String(row["lane"])}`)!;
          expect(ROLLUP_COLUMNS.map((column) => row[column])).toEqual(
            rollup.row().map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

function byNumbers(a: string, b: string): number {
  const [x, y] = [a.split(" ").map(Number), b.split(" ").map(Number)];
  return x[0]! - y[0]! || x[1]! - y[1]!;
}

test("the tables do not depend on how events were cut into batches, nor on loads in between", async () => {
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 20 }), isLoaded: fc.boolean() }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), cuts, async (batches, plan) => {
      const events = batches.flat();
      using whole = await given(new Rollups());
      whole.when(...events);
      const fold = new Rollups();
      using parts = await given(fold);
      for (let start = 0, turn = 0; start < events.length; turn++) {
        const { size, isLoaded } = plan[turn % plan.length]!;
        parts.when(...events.slice(start, start + size));
        if (isLoaded) fold.load(parts.db);
        start += size;
      }
      expect(dump(parts)).toEqual(dump(whole));
    }),
    { numRuns: 60 },
  );
});

test("only the open second is written with a batch; a second that closes goes into its ten seconds, and so on", async () => {
  const at = HOUR_ZERO + 5 * SECOND;
  using log = await given(new Rollups(), tallied(at, 1), skipped(at, 1));
  expect(["rollup_1s", "rollup_10s", "rollup_1m", "rollup_1h"].map((table) => rowsOf(log, table).length)).toEqual([
    1, 0, 0, 0,
  ]);
  log.when(tallied(at + SECOND, 2), skipped(at + SECOND, 2));
  expect(rowsOf(log, "rollup_10s")).toMatchObject([{ bucket: HOUR_ZERO, lane: 1, seen: 1, skipped_exposure: 1 }]);
  log.when(tallied(at + 2 * HOUR, 4), skipped(at + 2 * HOUR, 4));
  for (const table of ["rollup_10s", "rollup_1m", "rollup_1h"]) {
    expect(rowsOf(log, table)).toMatchObject([{ bucket: HOUR_ZERO, lane: 1, seen: 3 }]);
  }
});

test("every outcome counts where it belongs", async () => {
  const at = HOUR_ZERO;
  using log = await given(
    new Rollups(),
    ...[1, 2, 3, 4, 5].map((request) => queued(at, { request })),
    mirrored(at, { mirrorUs: 3000, primaryUs: 1000, waitUs: 20, parity: "different_rows" }),
    mirrored(at, { root: 9, parity: "match" }),
    errored(at, { category: "query", attribution: "data_drift" }),
    errored(at, { category: "query", attribution: "cascade" }),
    dropped(at, { wasQueued: true, reason: "session_closed" }),
    dropped(at, { wasQueued: false, reason: "buffer_full" }),
    mirrored(at + 1, { mirrorUs: 5000, primaryUs: 4000, waitUs: 10 }),
    unrecorded(at + 1, { requests: 7 }),
    tallied(at + 1, 13),
  );
  expect(rowsOf(log, "rollup_1s")).toMatchObject([
    {
      seen: 13,
      selected: 6,
      mirrored: 3,
      errored: 2,
      dropped: 2,
      unrecorded: 7,
      errors_query: 2,
      attribution_data_drift: 1,
      attribution_cascade: 1,
      consequences: 1,
      parity_different_rows: 1,
      parity_mirror_failed: 1,
      parity_match: 1,
      dropped_session_closed: 1,
      dropped_buffer_full: 1,
      mirror_sum_us: 10_000,
      mirror_max_us: 5000,
      primary_max_us: 4000,
      wait_max_us: 20,
      consecutive_successes: 1,
      last_success: at + 1,
      last_failure: at,
      peak_in_flight: 5,
    },
  ]);
});

test("rows expire by the time of the log, the oldest first and some with each second", async () => {
  using log = await given(new Rollups(), runStarted(HOUR_ZERO));
  for (let second = 0; second < 1000; second++) log.when(tallied(HOUR_ZERO + second * SECOND, 1));
  expect(rowsOf(log, "rollup_1s")).toHaveLength(1000);
  const later = HOUR_ZERO + 3 * HOUR;
  log.when(tallied(later, 1));
  const afterOne = rowsOf(log, "rollup_1s").length;
  expect(afterOne).toBeGreaterThan(800);
  expect(afterOne).toBeLessThan(1000);
  for (let second = 1; second <= 10; second++) log.when(tallied(later + second * SECOND, 1));
  expect(rowsOf(log, "rollup_1s").map(({ bucket }) => bucket)).toEqual(
    Array.from({ length: 11 }, (_, second) => later + second * SECOND),
  );
  expect(rowsOf(log, "rollup_10s").length).toBeGreaterThan(100);
});

test("a fold with a prefix keeps tables of its own", () => {
  expect(new Rollups("checkpoint_").tables).toEqual(TABLES.map((table) => `checkpoint_${table}`));
});
