import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { readWindowBounds } from "../../src/projections/log-extent.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { readSeries, stepOf } from "../../src/projections/read-series.ts";
import { readStatements } from "../../src/projections/read-statements.ts";
import { readWindow, type WindowReading } from "../../src/projections/read-window.ts";
import { Rollup } from "../../src/projections/rollup.ts";
import { StatementRollup } from "../../src/projections/statement-rollup.ts";
import type { Window } from "../../src/projections/window.ts";
import { logFolder } from "../events/log-folder.ts";
import { eventMoments, LANES } from "./event-sequences.ts";
import { mirrored, queued, runStarted, tallied } from "./facts.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ZERO = 400_000 * HOUR;

/** What retention does to raw events and to what is said of them. */
function removeEvents({ db }: EventLog, upToSeq: number): void {
  const at = db
    .prepare<[number], number>("select at from event where seq <= ? order by seq desc limit 1")
    .pluck()
    .get(upToSeq);
  if (at === undefined) return;
  db.prepare("delete from event where seq <= ?").run(upToSeq);
  db.prepare("update log_extent set removed_seq = ?, removed_at = ?").run(upToSeq, at);
}

async function withLog(batches: readonly NewEvent[][], use: (log: EventLog) => void): Promise<void> {
  using folder = logFolder();
  const folds = [new OpenRequests(), ...createProjections()];
  using log = await EventLog.open({ path: folder.path, folds, synchronous: "off" });
  for (let lane = 1; lane <= LANES; lane++) log.lanes.register("candidate", `db${lane}`);
  for (const events of batches) log.appendBatch(events);
  use(log);
}

interface NaiveLane {
  readonly rollup: Rollup;
  readonly from: number;
  readonly to: number;
}

/** A window folded from the raw events alone. */
function naive(events: readonly NewEvent[], lane: number, { from, to }: Window): NaiveLane {
  const rollup = new Rollup();
  let [flying, atFrom] = [0, 0];
  let isInside = false;
  for (const event of events) {
    if (event.at >= from && !isInside) [isInside, atFrom] = [true, flying];
    if (event.at >= to) break;
    if (!("lane" in event) || event.lane !== lane) continue;
    if (event.kind === "unrecorded") {
      if (isInside) rollup.counters.unrecorded += event.requests ?? 0;
      continue;
    }
    if (event.kind === "queued") flying++;
    else if (event.kind === "mirrored" || event.kind === "errored") flying--;
    else if (event.kind === "dropped" && event.wasQueued) flying--;
    if (isInside) {
      rollup.add({ ...event, seq: 1 });
      rollup.sawInFlight(flying);
    }
  }
  if (!isInside) atFrom = flying;
  rollup.sawInFlight(atFrom);
  return { rollup, from: atFrom, to: flying };
}

function expectLanes(reading: WindowReading, events: readonly NewEvent[], window: Window): void {
  for (const { lane, rollup, inFlight } of reading.lanes) {
    const expected = naive(events, lane, window);
    expect(rollup.row()).toEqual(expected.rollup.row());
    expect(inFlight).toEqual({ from: expected.from, to: expected.to });
    const { seen, skipped, selected, unrecorded, mirrored: done, errored, dropped } = rollup.counters;
    expect(seen).toBe(skipped + selected + unrecorded);
    expect(selected).toBe(done + errored + dropped + inFlight!.to - inFlight!.from);
  }
}

const gap = fc.constantFrom(0, 1000, 300_000, SECOND, 7 * SECOND, MINUTE, 11 * MINUTE, HOUR, 200 * HOUR);
/** Where a window is cut: near an event, or at a round time. */
const edge = fc.record({
  pick: fc.nat(),
  off: fc.constantFrom(0, 1, -1, SECOND, -MINUTE, HOUR, -DAY, 400 * DAY),
  round: fc.constantFrom(1, SECOND, MINUTE, HOUR),
});

function windowOf(events: readonly NewEvent[], a: { pick: number; off: number; round: number }, b: typeof a): Window {
  const [x, y] = [a, b].map(({ pick, off, round }) => {
    return Math.floor((events[pick % events.length]!.at + off) / round) * round;
  });
  return { from: Math.min(x!, y!), to: Math.max(x!, y!) + (x === y ? 1 : 0) };
}

test("any window of any log is what its raw events say, in flight at both edges too", async () => {
  const windows = fc.array(fc.tuple(edge, edge), { minLength: 5, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), windows, async (batches, edges) => {
      const events = batches.flat();
      await withLog(batches, (log) => {
        for (const [a, b] of edges) {
          const window = windowOf(events, a, b);
          const reading = readWindow(log.reader, window);
          expect(reading).toMatchObject({ window, covered: window, resolution: "exact", seq: events.length });
          expectLanes(reading, events, window);
        }
      });
    }),
    { numRuns: 40 },
  );
});

test("where raw events were removed a window is cut at whole buckets, and is what the events of that part said", async () => {
  const windows = fc.array(fc.tuple(edge, edge), { minLength: 5, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), windows, fc.nat(), async (batches, edges, pick) => {
      const events = batches.flat();
      await withLog(batches, (log) => {
        const removed = pick % events.length;
        removeEvents(log, removed);
        for (const [a, b] of edges) {
          const window = windowOf(events, a, b);
          const reading = readWindow(log.reader, window);
          const { covered } = reading;
          if (covered === null) continue;
          expect(covered.from).toBeGreaterThanOrEqual(window.from);
          expect(covered.to).toBeLessThanOrEqual(window.to);
          expect(reading.resolution === "exact").toBe(covered.from === window.from && covered.to === window.to);
          expectLanes(reading, events, covered);
        }
      });
    }),
    { numRuns: 40 },
  );
});

test("what is cut away is less than the finest buckets that are kept", async () => {
  const start = ZERO + 30 * MINUTE + 5 * SECOND + 5;
  const batches = [
    [runStarted(start)],
    ...[0, 1, 2, 3].map((n) => [tallied(start + n * HOUR, 1)]),
    [tallied(start + 9 * DAY, 1)],
  ];
  await withLog(batches, (log) => {
    removeEvents(log, 5);
    const window = { from: start + HOUR, to: start + 3 * HOUR + 1 };
    expect(readWindow(log.reader, window)).toMatchObject({
      covered: { from: ZERO + HOUR + 31 * MINUTE, to: ZERO + 3 * HOUR + 30 * MINUTE },
      resolution: "1m",
    });
    expect(readWindow(log.reader, { from: start + HOUR, to: start + HOUR + 2 })).toMatchObject({
      covered: null,
      lanes: [{ inFlight: null }, {}, {}],
    });
    const all = readWindow(log.reader, readWindowBoundsOf(log));
    expect(all).toMatchObject({ resolution: "exact", since: start });
    expect(all.lanes[0]!.rollup.counters.seen).toBe(5);
  });
});

function readWindowBoundsOf(log: EventLog): Window {
  const { now, since } = readWindowBounds(log.reader, 0);
  return { from: since!, to: now };
}

test("an empty log, windows before it and in the future are zeroes, not errors", async () => {
  await withLog([], (log) => {
    const window = { from: ZERO, to: ZERO + 1 };
    expect(readWindow(log.reader, window)).toMatchObject({ covered: window, resolution: "exact", since: null, seq: 0 });
    expect(readStatements(log.reader, window).statements).toEqual([]);
    expect(readSeries(log.reader, window, SECOND).points).toHaveLength(1);
    expect(readWindowBounds(log.reader, 77)).toEqual({ now: 77, since: null });
  });
  await withLog([[runStarted(ZERO), queued(ZERO), tallied(ZERO, 1)]], (log) => {
    const before = readWindow(log.reader, { from: ZERO - DAY, to: ZERO });
    expect(before.lanes[0]).toMatchObject({ inFlight: { from: 0, to: 0 } });
    const after = readWindow(log.reader, { from: ZERO + DAY, to: ZERO + 2 * DAY });
    expect(after.lanes[0]).toMatchObject({ inFlight: { from: 1, to: 1 }, rollup: { counters: { peak_in_flight: 1 } } });
  });
});

test("all begins with the first run or the last epoch, and ends with the clock or the log", async () => {
  const epoch: NewEvent = {
    kind: "epoch_started",
    mirroring: null,
    who: "pgsoak",
    at: ZERO + 20,
    what: "address",
    before: "a",
    after: "b",
  };
  await withLog([[runStarted(ZERO), tallied(ZERO + 10, 1)]], (log) => {
    expect(readWindowBounds(log.reader, ZERO + 5)).toEqual({ now: ZERO + 11, since: ZERO });
    log.appendBatch([epoch]);
    expect(readWindowBounds(log.reader, ZERO + 500)).toEqual({ now: ZERO + 500, since: ZERO + 20 });
  });
});

test("the points of a series are windows of their own, one behind the other", async () => {
  const step = fc.constantFrom(SECOND, 10 * SECOND, MINUTE, 90 * SECOND, 10 * MINUTE, HOUR, DAY);
  await fc.assert(
    fc.asyncProperty(eventMoments(gap, 12), edge, edge, step, fc.nat(), async (batches, a, b, stepUs, pick) => {
      const events = batches.flat();
      const asked = windowOf(events, a, b);
      const last = events.at(-1)!.at + DAY;
      const window = { from: Math.max(asked.from, events[0]!.at - DAY), to: Math.min(asked.to, last + 1) };
      if (window.from >= window.to) return;
      await withLog(batches, (log) => {
        if (pick % 2 === 0) removeEvents(log, pick % events.length);
        const series = readSeries(log.reader, window, stepUs);
        expect(series.stepUs).toBeGreaterThanOrEqual(stepUs);
        const { points, covered } = series;
        if (covered === null) {
          expect(points).toEqual([]);
          return;
        }
        expect([points[0]!.from, points.at(-1)!.to]).toEqual([covered.from, covered.to]);
        points.forEach((point, index) => {
          if (index > 0) expect(point.from).toBe(points[index - 1]!.to);
          if (point.lanes.size === 0 && index % 50 > 0) return;
          for (let lane = 1; lane <= LANES; lane++) {
            const expected = naive(events, lane, point);
            const found = point.lanes.get(lane);
            expect((found?.rollup ?? new Rollup()).row()).toEqual(expected.rollup.row());
            expect(found?.inFlight ?? 0).toBe(expected.to);
          }
        });
      });
    }),
    { numRuns: 40 },
  );
});

test("the step of a series gives about three hundred points and is a round one", () => {
  const points = [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY].map((us) => us / stepOf({ from: 0, to: us }));
  expect(points).toEqual([360, 360, 288, 336, 360, 360]);
});

const withStatements = (batches: NewEvent[][]): NewEvent[][] =>
  batches.map((events) =>
    events.map((event): NewEvent => {
      if (event.kind !== "mirrored" && event.kind !== "errored" && event.kind !== "dropped") return event;
      return { ...event, statement: event.request % 5 };
    }),
  );

test("the statements of any window are what its raw events say, also where some were removed", async () => {
  const windows = fc.array(fc.tuple(edge, edge), { minLength: 5, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(eventMoments(gap).map(withStatements), windows, fc.nat(), async (batches, edges, pick) => {
      const events = batches.flat();
      await withLog(batches, (log) => {
        // Those of the open ten minutes are never removed: they may have no row yet.
        const open = log.reader.seqAt(Math.floor(log.lastAt / (10 * MINUTE)) * 10 * MINUTE);
        removeEvents(log, (pick % (open + 1)) - 1);
        for (const [a, b] of edges) {
          const reading = readStatements(log.reader, windowOf(events, a, b));
          const { covered, statements } = reading;
          if (covered === null) continue;
          const expected = new Map<string, StatementRollup>();
          for (const event of events) {
            if (event.at < covered.from || event.at >= covered.to) continue;
            if (event.kind !== "mirrored" && event.kind !== "errored" && event.kind !== "dropped") continue;
            const key = `${event.lane} ${event.statement}`;
            const rollup = expected.get(key) ?? new StatementRollup();
            expected.set(key, rollup);
            rollup.add({ ...event, seq: 1 });
          }
          const found = new Map(
            statements.map(({ lane, statement, rollup }) => [`${lane} ${statement}`, rollup.row()]),
          );
          expect(found).toEqual(new Map([...expected].map(([key, rollup]) => [key, rollup.row()])));
        }
      });
    }),
    { numRuns: 40 },
  );
});

test("an edge of too many raw events is cut at ten minutes, and the answer says so", async () => {
  const requests = Array.from({ length: 40 }, (_, i) => [mirrored(ZERO + i * MINUTE, { statement: 1 })]);
  await withLog([[runStarted(ZERO)], ...requests], (log) => {
    const window = { from: ZERO + 2 * MINUTE, to: ZERO + DAY };
    expect(readStatements(log.reader, window)).toMatchObject({ covered: window, resolution: "exact" });
    const cut = readStatements(log.reader, window, 5);
    expect(cut).toMatchObject({ covered: { from: ZERO + 10 * MINUTE, to: ZERO + DAY }, resolution: "10m" });
    expect(cut.statements[0]!.rollup.calls).toBe(30);
  });
});
