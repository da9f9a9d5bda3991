import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { readComparison } from "../../src/projections/comparison.ts";
import { readHistory } from "../../src/projections/history.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { logFolder } from "../events/log-folder.ts";
import { eventMoments, LANES } from "./event-sequences.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Where event sequences begin. */
const START = 1_700_000_000 * SECOND;

const gap = fc.constantFrom(0, 1000, SECOND, MINUTE, 20 * MINUTE);
const edge = fc.integer({ min: -HOUR, max: 6 * HOUR });
const step = fc.constantFrom(SECOND, 7 * SECOND, MINUTE, 10 * MINUTE, HOUR);
const selection = fc.record(
  { mirroring: fc.constantFrom("candidate", "other"), database: fc.constantFrom("db1", "db2") },
  { requiredKeys: [] },
);
const COUNTS = ["seen", "skipped", "selected", "mirrored", "errored", "dropped", "unrecorded"] as const;

function withMirrorings(event: NewEvent): NewEvent {
  if (event.kind !== "run_started") return event;
  return { ...event, mirrorings: ["candidate", "other"].map((name) => ({ name, settings: {}, exposure: 1 })) };
}

test("the points of a history add up to the figures of its window, and the law holds for each of them", async () => {
  await fc.assert(
    fc.asyncProperty(eventMoments(gap, 12), edge, edge, step, selection, async (batches, a, b, stepUs, chosen) => {
      using folder = logFolder();
      const folds = [new OpenRequests(), ...createProjections()];
      using log = await EventLog.open({ path: folder.path, folds, synchronous: "off" });
      for (let lane = 1; lane <= LANES; lane++) log.lanes.register("candidate", `db${lane}`);
      for (const events of batches) log.appendBatch(events.map(withMirrorings));

      const window = { from: START + Math.min(a, b), to: START + Math.max(a, b) + SECOND };
      const { points } = await readHistory(log.reader, { ...chosen, window, stepUs });
      const { a: whole } = await readComparison(log.reader, { ...chosen, a: window, b: window });
      for (const name of COUNTS) {
        expect([name, points.reduce((sum, point) => sum + (point[name] ?? 0), 0)]).toEqual([name, whole[name] ?? 0]);
      }
      const observed = points.reduce((sum, point) => sum + point.observed_seconds, 0);
      expect(observed).toBeCloseTo(whole.observed_seconds, 5);

      let before: number | null = null;
      for (const { in_flight: after, selected, mirrored, errored, dropped } of points) {
        if (before !== null && after !== null) {
          expect(selected).toBe(mirrored! + errored! + dropped! + after - before);
        }
        before = after;
      }
      expect(points[0]?.from).toBe(whole.covered?.from);
      expect(points.at(-1)?.to).toBe(whole.covered?.to);
      expect(points.slice(1).every(({ from }, index) => from === points[index]!.to)).toBe(true);
    }),
    { numRuns: 60 },
  );
}, 120_000);
