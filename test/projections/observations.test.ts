import { Kysely, SqliteDialect } from "kysely";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NewEvent } from "../../src/events/event.ts";
import type { LogTables } from "../../src/events/tables.ts";
import { createObservationLedger } from "../../src/projections/observations.ts";
import { readObservations } from "../../src/projections/read-observations.ts";
import { gapsOf, longestGap, observedSeconds, type Timeline } from "../../src/projections/timeline.ts";
import { observationChanged, runStarted, runStopped, tallied, unrecorded } from "./facts.ts";
import { given } from "./given.ts";
import { lives, MIRRORINGS, SECOND_US, type Life } from "./observation-model.ts";
import { openLogFixture } from "../cli/log-fixture.ts";

const S = SECOND_US;
const both = MIRRORINGS.map((name) => ({ name, settings: {}, exposure: 1 }));
const started = (at: number, change: Parameters<typeof runStarted>[1] = {}): NewEvent =>
  runStarted(at, { mirrorings: both.slice(0, 1), ...change });

/** The timelines of a log with these events. */
async function timelinesOf(events: readonly NewEvent[], from: number, to: number): Promise<readonly Timeline[]> {
  using fixture = await openLogFixture();
  let run = 0;
  fixture.log.appendBatch(events.map((event) => (event.kind === "run_started" ? { ...event, run: ++run } : event)));
  return (await readObservations(fixture.log.reader.kysely, { from, to })).timelines;
}

async function pg18(events: readonly NewEvent[], from: number, to: number) {
  const [timeline] = await timelinesOf(events, from, to);
  const gaps = gapsOf(timeline!, { from, to });
  return {
    seconds: observedSeconds(timeline!, { from, to }),
    gaps: gaps.map((gap) => [gap.from / S, gap.to / S, gap.cause]),
    longest: longestGap(gaps)?.cause ?? null,
  };
}

test("a run observes from its start, also while the mirror is degraded or nothing happens, to the log's last word", async () => {
  const events = [started(10 * S), observationChanged(20 * S, "degraded"), { kind: "idled", at: 70 * S } as const];
  expect(await pg18(events, 10 * S, 75 * S)).toEqual({ seconds: 60, gaps: [], longest: null });
});

test("a log that has been silent for more than a minute proves nothing about that time", async () => {
  const observed = await pg18([started(10 * S), tallied(20 * S, 1)], 10 * S, 200 * S);
  expect(observed).toEqual({ seconds: 10, gaps: [[20, 200, "unconfirmed"]], longest: "unconfirmed" });
});

test("stopped, paused and down are gaps with their causes", async () => {
  const events = [
    started(10 * S),
    observationChanged(20 * S, "paused"),
    observationChanged(25 * S, "resumed"),
    observationChanged(30 * S, "mirror_down"),
    observationChanged(40 * S, "observing"),
    runStopped(50 * S),
    started(70 * S),
    tallied(80 * S, 1),
  ];
  expect(await pg18(events, 0, 80 * S)).toEqual({
    seconds: 10 + 5 + 10 + 10,
    gaps: [
      [0, 10, "before_log"],
      [20, 25, "paused"],
      [30, 40, "mirror_down"],
      [50, 70, "stopped"],
    ],
    longest: "stopped",
  });
});

test("a pause holds until it is lifted, whatever the mirror does meanwhile", async () => {
  const events = [
    started(10 * S),
    observationChanged(20 * S, "mirror_down"),
    observationChanged(30 * S, "paused"),
    observationChanged(40 * S, "observing"),
    observationChanged(50 * S, "resumed"),
    tallied(60 * S, 1),
  ];
  const { gaps, seconds } = await pg18(events, 10 * S, 60 * S);
  expect(gaps).toEqual([
    [20, 30, "mirror_down"],
    [30, 50, "paused"],
  ]);
  expect(seconds).toBe(20);
});

test("a mirror that is neither failing nor slow any more is not back when it is down", async () => {
  const events = [
    started(10 * S),
    observationChanged(15 * S, "degraded"),
    observationChanged(20 * S, "mirror_down"),
    observationChanged(30 * S, "recovered"),
  ];
  expect((await pg18([...events, tallied(40 * S, 1)], 10 * S, 40 * S)).seconds).toBe(10);
});

test("errors in a row don't bring a mirror back that is down", async () => {
  const events = [started(10 * S), observationChanged(20 * S, "mirror_down"), observationChanged(30 * S, "degraded")];
  expect((await pg18([...events, tallied(40 * S, 1)], 10 * S, 40 * S)).seconds).toBe(10);
});

test("a crash is a gap from the last event on, a log that can't be written one while it lasts", async () => {
  const events = [
    started(10 * S),
    tallied(20 * S, 1),
    unrecorded(30 * S, { lane: null, from: 20 * S, to: 30 * S, requests: null, cause: "crash" }),
    started(30 * S),
    unrecorded(60 * S, { lane: null, from: 50 * S, to: 60 * S, requests: 0, cause: "write_failed" }),
  ];
  expect(await pg18(events, 10 * S, 60 * S)).toEqual({
    seconds: 30,
    gaps: [
      [20, 30, "crash"],
      [50, 60, "write_failed"],
    ],
    longest: "crash",
  });
});

test("moments in which a ring was full are gaps, and one gap as long as it is full again within a second", async () => {
  const full = (from: number, to: number) => unrecorded(to, { from, to, requests: 7, cause: "ring_full" });
  const events = [
    started(10 * S),
    full(20 * S, 20.5 * S),
    full(20.5 * S, 21 * S),
    full(22 * S, 22 * S),
    full(40 * S, 40 * S),
    tallied(50 * S, 1),
  ];
  expect(await pg18(events, 10 * S, 50 * S)).toEqual({
    seconds: 37.995,
    gaps: [
      [20, 22, "ring_full"],
      [39.995, 40, "ring_full"],
    ],
    longest: "ring_full",
  });
});

test("a gap that a ring has left goes on behind a restart of the fold as it would have without", async () => {
  const full = (at: number) => unrecorded(at, { from: at, to: at, requests: 7, cause: "ring_full" });
  const moments = [started(10 * S), full(20 * S), full(20.9 * S), full(21.8 * S), tallied(50 * S, 1)];
  expect(await pg18(moments, 10 * S, 50 * S)).toMatchObject({ gaps: [[19.995, 21.8, "ring_full"]] });
});

test("a loss that began before the gap it is merged with moves that gap's beginning", async () => {
  const full = (from: number, to: number) => unrecorded(to, { from, to, requests: 7, cause: "ring_full" });
  const events = [started(10 * S), full(20 * S, 20.5 * S), full(15 * S, 21 * S), tallied(50 * S, 1)];
  expect(await pg18(events, 10 * S, 50 * S)).toMatchObject({ gaps: [[15, 21, "ring_full"]] });
});

test("a standstill is a gap, though it lost nothing", async () => {
  const lost = unrecorded(40 * S, { lane: null, from: 20 * S, to: 40 * S, requests: 0, cause: "standstill" });
  expect(await pg18([started(10 * S), lost, tallied(50 * S, 1)], 10 * S, 50 * S)).toMatchObject({
    seconds: 20,
    gaps: [[20, 40, "standstill"]],
  });
});

test("a mirroring that a run doesn't have, and a run that records nothing, are not observed", async () => {
  const events = [
    started(10 * S, { mirrorings: both }),
    runStopped(20 * S),
    started(20 * S, { mirrorings: both.slice(1) }),
    runStopped(30 * S),
    started(30 * S, { metricsEnabled: false }),
    observationChanged(35 * S, "observing"),
  ];
  const timelines = await timelinesOf(events, 0, 40 * S);
  const causes = timelines.map((timeline) =>
    gapsOf(timeline, { from: 10 * S, to: 40 * S }).map((gap) => [gap.from / S, gap.to / S, gap.cause]),
  );
  expect(causes).toEqual([
    [
      [20, 30, "not_configured"],
      [30, 40, "disabled"],
    ],
    [[30, 40, "not_configured"]],
  ]);
});

/** What a second of the model must be in the answer. */
function truth(life: Life, mirroring: string, s: number): string | null {
  if (s < life.endS) return life.cause(mirroring, s);
  const last = life.cause(mirroring, life.endS - 1);
  return life.isRunning ? "behind the end" : last;
}

test("any life of a service, asked about any window, is answered as a simulation of each second does", async () => {
  const window = fc.record({ from: fc.nat(140), length: fc.integer({ min: 1, max: 120 }) });
  await fc.assert(
    fc.asyncProperty(
      lives,
      fc.array(window, { minLength: 1, maxLength: 5 }),
      fc.nat(20),
      async (life, windows, split) => {
        const fold = createObservationLedger();
        using folded = await given(fold);
        folded.when(...life.events.slice(0, split));
        fold.load(folded.db);
        folded.when(...life.events.slice(split));
        // The tables of the log itself: its last word, and how far each fold has come.
        folded.db.exec("create table event (seq integer primary key, at integer)");
        folded.db.exec("create table fold_position (name text primary key, version integer, seq integer)");
        folded.db.prepare("insert into event (at) values (?)").run(life.endS * S);
        const kysely = new Kysely<LogTables>({ dialect: new SqliteDialect({ database: folded.db }) });
        for (const { from, length } of windows) {
          const to = Math.min(from + length, life.endS);
          if (to <= from) continue;
          const asked = { from: from * S, to: to * S };
          const { timelines } = await readObservations(kysely, asked);
          for (const timeline of timelines) {
            const seconds = Array.from({ length: to - from }, (_, i) => truth(life, timeline.mirroring, from + i));
            const expected = seconds.filter((cause) => cause === null).length;
            expect(observedSeconds(timeline, asked)).toBe(expected);
            const answered: (string | null)[] = seconds.map(() => null);
            for (const gap of gapsOf(timeline, asked)) answered.fill(gap.cause, gap.from / S - from, gap.to / S - from);
            expect(answered).toEqual(seconds);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("the tables don't depend on how events were cut into batches, and a replay makes the same", async () => {
  await fc.assert(
    fc.asyncProperty(lives, fc.array(fc.nat(40), { maxLength: 4 }), async (life, cuts) => {
      const tables = async (at: readonly number[]): Promise<unknown> => {
        const fold = createObservationLedger();
        using folded = await given(fold);
        let start = 0;
        for (const end of [...at, life.events.length].toSorted((a, b) => a - b)) {
          folded.when(...life.events.slice(start, end));
          fold.load(folded.db);
          start = Math.max(start, end);
        }
        return fold.tables.map((table) => folded.db.prepare(`select * from ${table} order by 1, 2`).all());
      };
      expect(await tables(cuts)).toEqual(await tables([]));
    }),
    { numRuns: 100 },
  );
});
