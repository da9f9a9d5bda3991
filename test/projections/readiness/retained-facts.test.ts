import { expect, test } from "vitest";
import type { NewEvent } from "../../../src/events/event.ts";
import { defaultPolicy } from "../../../src/projections/readiness/policy.ts";
import { readFacts } from "../../../src/projections/readiness/read-facts.ts";
import { readiness } from "../../../src/projections/readiness/readiness.ts";
import type { Readiness } from "../../../src/projections/readiness/readiness-schema.ts";
import { logFolder } from "../../events/log-folder.ts";
import { openRetained } from "../../events/retained-log.ts";
import { criterionOf } from "./given-facts.ts";
import { mirrored, queued, runStarted, tallied } from "../facts.ts";

const HOUR = 3_600_000_000;
const ZERO = 400_000 * HOUR;
const HOURS = 5 * 24;

/** Ten requests in the middle of an hour. */
function hour(index: number, statement = 0): NewEvent[] {
  const at = ZERO + index * HOUR + HOUR / 2;
  const ids = Array.from({ length: 10 }, (_, i) => index * 10 + i + 1);
  return [
    ...ids.map((request) => queued(at, { request, statement })),
    ...ids.map((request) => mirrored(at, { request, statement })),
    tallied(at, 10),
  ];
}

test("when raw events are removed, whole hours keep their numbers, and a window that cuts one names its resolution", async () => {
  using folder = logFolder();
  const retentionUs = 3 * 24 * HOUR;
  const nowUs = ZERO + HOURS * HOUR;
  using retained = await openRetained(folder.path, { retentionUs, nowUs });
  const { log } = retained;
  log.lanes.register("pg18", "app");
  log.appendBatch([runStarted(ZERO, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }] })]);
  for (let index = 0; index < HOURS; index++) log.appendBatch(hour(index));
  const ask = async (from: number, to: number): Promise<Readiness> =>
    readiness(await readFacts(log.reader, { from, to }), defaultPolicy());

  const day = [ZERO + 12 * HOUR, ZERO + 36 * HOUR] as const;
  const before = await ask(...day);
  expect(before).toMatchObject({ resolution: "exact", metrics: { total_requests: 240 } });
  expect(retained.retain()).toBeGreaterThan(0);
  expect(await ask(...day)).toEqual(before);

  // Half a second behind the requests of an hour, which a minute's bucket can't tell from those before it.
  const cut = ZERO + 12 * HOUR + HOUR / 2 + 500_000;
  const later = await ask(cut, day[1]);
  expect(later.resolution).not.toBe("exact");
  expect(later.reasons.some((reason) => reason.includes(`at a resolution of ${later.resolution}`))).toBe(true);
  expect(later.metrics).toMatchObject({ total_requests: 230, unaccounted: 0 });
});

test("statements that can't be read for the window any more may have written, and the answer says so", async () => {
  using folder = logFolder();
  using retained = await openRetained(folder.path, { retentionUs: 3 * 24 * HOUR, nowUs: ZERO + HOURS * HOUR });
  const { log } = retained;
  log.lanes.register("pg18", "app");
  const read = log.statements.register("select * from t where id = 1");
  log.appendBatch([runStarted(ZERO, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }] })]);
  for (let index = 0; index < HOURS; index++) log.appendBatch(hour(index, read));
  const ask = async (from: number, to: number) => {
    const facts = await readFacts(log.reader, { from, to });
    const { detail } = criterionOf(readiness(facts, defaultPolicy()), "latency_ratio");
    return [facts.statementsCovered, facts.lanes[0]?.mayWrite, facts.lanes[0]?.counters.mirrored, detail];
  };
  const half = ZERO + 12 * HOUR + HOUR / 2;
  const minute = 60_000_000;
  const few = "Latency ratio cannot be evaluated: no statement has 30 executions on both sides";
  expect(await ask(half - 3 * minute, half + 3 * minute)).toEqual(["all", false, 10, few]);
  expect(retained.retain()).toBeGreaterThan(0);
  // No bucket of statements lies wholly in six minutes; that of one hour does in two hours and six minutes.
  const none = "Latency ratio cannot be evaluated: the statements could not be read for this window";
  expect(await ask(half - 3 * minute, half + 3 * minute)).toEqual(["none", true, 10, none]);
  const part = "Latency ratio cannot be evaluated: the statements could not be read for all of this window";
  expect(await ask(half - 3 * minute, half + 2 * HOUR + 3 * minute)).toEqual(["part", true, 30, part]);
  expect(await ask(ZERO + 12 * HOUR, ZERO + 14 * HOUR)).toEqual(["all", false, 20, few]);
});
