import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { readWindow } from "../../src/projections/read-window.ts";
import { readSuccessChain, type SuccessChain } from "../../src/projections/success-chain.ts";
import type { Window } from "../../src/projections/window.ts";
import { logFolder } from "../events/log-folder.ts";
import { eventMoments, LANES } from "./event-sequences.ts";
import { runStarted } from "./facts.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

async function withLog(batches: readonly NewEvent[][], use: (log: EventLog) => void): Promise<void> {
  using folder = logFolder();
  const folds = [new OpenRequests(), ...createProjections()];
  using log = await EventLog.open({ path: folder.path, folds, synchronous: "off" });
  for (let lane = 1; lane <= LANES; lane++) log.lanes.register("candidate", `db${lane}`);
  for (const events of batches) log.appendBatch(events);
  use(log);
}

/** The chain as the raw events of the window say it. */
function naive(events: readonly NewEvent[], lanes: readonly number[], { from, to }: Window): SuccessChain {
  let successes = 0;
  let brokenBy: number | null = null;
  for (const event of events) {
    if (event.at < from || event.at >= to || !("lane" in event) || !lanes.includes(event.lane ?? 0)) continue;
    if (event.kind === "errored" || event.kind === "dropped") {
      [successes, brokenBy] = [0, event.lane];
    }
    if (event.kind === "mirrored") successes++;
  }
  return { successes, brokenBy };
}

const gap = fc.constantFrom(0, 1000, 300_000, SECOND, 7 * SECOND, MINUTE, 11 * MINUTE, HOUR, 50 * HOUR);
const edge = fc.record({ pick: fc.nat(), off: fc.constantFrom(0, 1, -1, SECOND, -MINUTE, HOUR) });
const lanesOf = fc.constantFrom([1, 2], [2, 3], [1, 2, 3]);

function windowOf(events: readonly NewEvent[], ...edges: readonly { pick: number; off: number }[]): Window {
  const [x = 0, y = 0] = edges.map(({ pick, off }) => events[pick % events.length]!.at + off);
  return { from: Math.min(x, y), to: Math.max(x, y) + (x === y ? 1 : 0) };
}

test("any chain of any window is what its raw events say, however old they are", async () => {
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), edge, edge, lanesOf, async (batches, a, b, lanes) => {
      const events = batches.flat();
      await withLog(batches, (log) => {
        const window = windowOf(events, a, b);
        expect(readSuccessChain(log.reader, window, lanes)).toEqual(naive(events, lanes, window));
      });
    }),
    { numRuns: 60 },
  );
});

test("of a window whose end is not known any more, the chain ends where that is", async () => {
  const at = 1_700_000_000 * SECOND;
  const open = (request: number): NewEvent => ({
    kind: "queued",
    at,
    run: 1,
    session: 1,
    request,
    lane: 1,
    statement: 0,
    bytes: 0,
  });
  const latencies = { mirrorUs: 1, primaryUs: 1, waitUs: 1, rows: 0, parity: "match", root: null } as const;
  const success = (request: number, when: number): NewEvent => {
    return { kind: "mirrored", at: when, request, lane: 1, statement: 0, ...latencies };
  };
  const drop = (request: number, when: number): NewEvent => {
    return { kind: "dropped", at: when, request, lane: 1, statement: 0, reason: "buffer_full", wasQueued: true };
  };
  const batches = [
    [runStarted(at), open(1), open(2), open(3), open(4), open(5)],
    [drop(1, at)],
    [drop(2, at + SECOND)],
    [drop(3, at + SECOND + 1000), success(4, at + SECOND + 1000)],
    [success(5, at + SECOND + 300_000)],
  ];
  await withLog(batches, (log) => {
    log.db.prepare("delete from event where seq <= 8").run();
    log.db.prepare("update log_extent set removed_seq = 8, removed_at = ?").run(at + SECOND);
    // The open second is cut in its middle, where nothing but raw events could tell.
    const chain = readSuccessChain(log.reader, { from: at, to: at + SECOND + 1001 }, [1]);
    expect(chain.successes).toBe(0);
  });
});

test("where raw events were removed a chain is never told longer than it is", async () => {
  await fc.assert(
    fc.asyncProperty(eventMoments(gap), fc.nat(), edge, edge, lanesOf, async (batches, pick, a, b, lanes) => {
      const events = batches.flat();
      await withLog(batches, (log) => {
        const removed = pick % events.length;
        if (removed > 0) {
          log.db.prepare("delete from event where seq <= ?").run(removed);
          log.db.prepare("update log_extent set removed_seq = ?, removed_at = ?").run(removed, events[removed - 1]!.at);
        }
        const window = windowOf(events, a, b);
        const { covered } = readWindow(log.reader, window);
        if (covered === null) return;
        const { successes } = readSuccessChain(log.reader, window, lanes);
        expect(successes).toBeLessThanOrEqual(naive(events, lanes, covered).successes);
      });
    }),
    { numRuns: 60 },
  );
});
