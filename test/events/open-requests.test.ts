import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { dropped, errored, mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { logFolder } from "./log-folder.ts";
import { openRetained } from "./retained-log.ts";

/** What the fold knows, for comparing. */
const stateOf = (open: OpenRequests): unknown => ({
  requests: [...open.values()],
  lanes: [...open.countByLane()].filter(([, requests]) => requests > 0).sort(([a], [b]) => a - b),
});

/** What its tables hold, for comparing. */
const tablesOf = (log: EventLog): unknown => ({
  open: log.db.prepare("select * from open_request order by request").all(),
  lanes: log.db.prepare("select * from in_flight order by lane").all(),
});

async function openLog(path: string, youngEvents?: number): Promise<{ log: EventLog; open: OpenRequests }> {
  const open = new OpenRequests(youngEvents);
  return { log: await EventLog.open({ path, folds: [open] }), open };
}

test("a request is open from its queued event to its outcome, whatever that is", async () => {
  using folder = logFolder();
  const { log, open } = await openLog(folder.path);
  using _log = log;
  log.appendBatch([1, 2, 3, 4].map((request) => queued(request, { request, lane: request % 2 })));
  expect(open.size).toBe(4);
  log.appendBatch([
    mirrored(5, { request: 1 }),
    errored(6, { request: 2 }),
    dropped(7, { request: 3, wasQueued: true }),
    dropped(8, { request: 9, wasQueued: false }),
  ]);
  expect([...open.values()]).toEqual([{ request: 4, seq: 4, lane: 0, statement: 0 }]);
  expect([...open.countByLane()]).toEqual([[0, 1]]);
});

test("a new run begins with nothing open", async () => {
  using folder = logFolder();
  const { log, open } = await openLog(folder.path);
  using _log = log;
  log.appendBatch([queued(1, { request: 64 }), runStarted(2), queued(3, { request: 64 })]);
  expect([...open.values()]).toMatchObject([{ request: 64, seq: 3 }]);
  expect([...open.countByLane().values()]).toEqual([1]);
});

/** Requests that are queued and, but for each `stuck`th one, mirrored at once. */
function traffic(first: number, count: number, stuck: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => first + index).flatMap((request) =>
    request % stuck === 0 ? [queued(1, { request })] : [queued(1, { request }), mirrored(2, { request })],
  );
}

test("requests that have been open for very long are found again without the log's beginning", async () => {
  using folder = logFolder();
  const { log, open } = await openLog(folder.path);
  for (let first = 1; first < 150_000; first += 10_000) log.appendBatch(traffic(first, 10_000, 30_000));
  log.appendBatch([mirrored(3, { request: 30_000 }), dropped(3, { request: 150_000, wasQueued: true })]);
  const state = stateOf(open);
  expect([...open.values()].map(({ request }) => request)).toEqual([60_000, 90_000, 120_000]);
  log.db.exec("delete from event where seq < 150000");
  log.close();
  const again = await openLog(folder.path);
  using _log = again.log;
  expect(stateOf(again.open)).toEqual(state);
  again.log.appendBatch([mirrored(4, { request: 60_000 }), mirrored(4, { request: 120_000 })]);
  again.open.load(again.log.db);
  expect([...again.open.values()].map(({ request }) => request)).toEqual([90_000]);
});

test("a request that the checkpoint holds open is closed when the events behind it say so", async () => {
  using folder = logFolder();
  {
    using retained = await openRetained(folder.path, { maxBytes: 0, keptEvents: 1 });
    retained.log.appendBatch([runStarted(1), tallied(2, 1), queued(2, { request: 64 })]);
    retained.log.appendBatch([tallied(3, 1), queued(3, { request: 128 })]);
    expect(retained.retain()).toBeGreaterThan(0);
    retained.log.appendBatch([mirrored(4, { request: 64 }), mirrored(4, { request: 128 })]);
    expect(retained.open.size).toBe(0);
  }
  using again = await openRetained(folder.path);
  expect([...again.open.values()]).toEqual([]);
  again.log.appendBatch([runStarted(5, { run: 2 })]);
  expect(again.log.db.prepare("select * from in_flight").all()).toEqual([]);
});

test("state and tables depend on the events alone, not on batches, restarts or failed attempts", async () => {
  const step = fc.record({ events: fc.integer({ min: 1, max: 60 }), next: fc.constantFrom("go on", "reopen", "load") });
  const request = fc.integer({ min: 1, max: 40 });
  const event = fc.oneof(
    request.map((id) => queued(1, { request: id, lane: 1 + (id % 3) })),
    request.map((id) => mirrored(2, { request: id })),
    request.map((id) => dropped(3, { request: id, wasQueued: true })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 300, size: "max" }),
      fc.array(step, { minLength: 1 }),
      async (events, steps) => {
        using folder = logFolder();
        using other = logFolder();
        const whole = await openLog(folder.path, 20);
        using _whole = whole.log;
        whole.log.appendBatch(events);
        let { log, open } = await openLog(other.path, 20);
        for (let start = 0, i = 0; start < events.length; i++) {
          const { events: count, next } = steps[i % steps.length]!;
          log.appendBatch(events.slice(start, start + count));
          start += count;
          if (next === "load") open.load(log.db);
          if (next !== "reopen") continue;
          log.close();
          ({ log, open } = await openLog(other.path, 20));
        }
        using _log = log;
        expect(tablesOf(log)).toEqual(tablesOf(whole.log));
        expect(stateOf(open)).toEqual(stateOf(whole.open));
        open.load(log.db);
        expect(stateOf(open)).toEqual(stateOf(whole.open));
      },
    ),
    { numRuns: 40 },
  );
});
