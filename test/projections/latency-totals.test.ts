import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NewEvent } from "../../src/events/event.ts";
import { createLatencyTotals, LATENCY_BOUNDS_US, readLatencyTotals } from "../../src/projections/latency-totals.ts";
import { createLedgerBalance } from "../../src/projections/ledger-balance.ts";
import { createMirrorStats } from "../../src/projections/stats.ts";
import { eventBatches } from "./event-sequences.ts";
import { countersReset, dropped, errored, mirrored } from "./facts.ts";
import { given } from "./given.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Requests in the bucket that ends at `us`; Infinity: in the one above all bounds. */
const countAt = (counts: readonly number[], us: number): number | undefined =>
  us === Infinity ? counts.at(-1) : counts[LATENCY_BOUNDS_US.findIndex((bound) => bound === us)];

test("a latency belongs to the first bucket whose bound it does not exceed", async () => {
  using log = await given(
    createLatencyTotals(),
    mirrored(1, { mirrorUs: 0, primaryUs: 500, waitUs: 501 }),
    mirrored(2, { mirrorUs: 30_000_000, primaryUs: 30_000_001, waitUs: 2 ** 40 }),
  );
  const { mirror, primary, wait } = readLatencyTotals(log.db).get(1)!;
  expect([countAt(mirror.counts, 500), countAt(mirror.counts, 30_000_000)]).toEqual([1, 1]);
  expect([countAt(primary.counts, 500), countAt(primary.counts, Infinity)]).toEqual([1, 1]);
  expect([countAt(wait.counts, 1000), countAt(wait.counts, Infinity)]).toEqual([1, 1]);
  expect([mirror.sumUs, primary.sumUs, wait.sumUs]).toEqual([30_000_000, 30_000_501, 501 + 2 ** 40]);
});

test("requests that errored or were dropped are in no histogram", async () => {
  using log = await given(createLatencyTotals(), errored(1), dropped(2));
  expect(readLatencyTotals(log.db)).toEqual(new Map());
});

test("a reset changes nothing", async () => {
  using log = await given(createLatencyTotals(), mirrored(1));
  const before = readLatencyTotals(log.db);
  log.when(countersReset(2));
  expect(readLatencyTotals(log.db)).toEqual(before);
});

test("each histogram holds the requests that the balance calls mirrored, and its sum is that of their times", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, async (batches) => {
      using totals = await given(createLatencyTotals());
      using balance = await given(createLedgerBalance());
      for (const events of batches) {
        totals.when(...events);
        balance.when(...events);
      }
      const outcomes = batches.flat().filter((event) => event.kind === "mirrored");
      const rows = balance.rows("ledger_balance");
      for (const [lane, { mirror, primary, wait }] of readLatencyTotals(totals.db)) {
        const own = outcomes.filter((event) => event.lane === lane);
        for (const { counts } of [mirror, primary, wait]) expect(sum(counts)).toBe(rows[lane]?.["mirrored"]);
        expect(mirror.sumUs).toBe(sum(own.map(({ mirrorUs }) => mirrorUs)));
        expect(primary.sumUs).toBe(sum(own.map(({ primaryUs }) => primaryUs)));
        expect(wait.sumUs).toBe(sum(own.map(({ waitUs }) => waitUs)));
      }
    }),
    { numRuns: 50 },
  );
});

test("until the first reset count and sum are those of MirrorStats", async () => {
  const hasNoReset = (events: readonly NewEvent[]): boolean => events.every(({ kind }) => kind !== "counters_reset");
  await fc.assert(
    fc.asyncProperty(eventBatches, async (batches) => {
      const events = batches.filter(hasNoReset).flat();
      using totals = await given(createLatencyTotals(), ...events);
      using stats = await given(createMirrorStats(), ...events);
      const rows = stats.rows("mirror_stats");
      for (const [lane, { mirror }] of readLatencyTotals(totals.db)) {
        expect(rows[lane]).toMatchObject({ latency_count: sum(mirror.counts), latency_sum_us: mirror.sumUs });
      }
    }),
    { numRuns: 50 },
  );
});
