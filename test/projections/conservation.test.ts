import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { MirrorEvent } from "../../src/events/event.ts";
import { residueOf, type Balance } from "../../src/projections/conservation.ts";
import { blankBalanceRow, createLedgerBalance } from "../../src/projections/ledger-balance.ts";
import { ALL_LANES, createMirrorStats } from "../../src/projections/stats.ts";
import { eventBatches, LANES } from "./event-sequences.ts";
import { given } from "./given.ts";

const balance = (change: Partial<Balance>): Balance => ({ ...blankBalanceRow(), ...change });

test("books that balance leave no residue", () => {
  const books = balance({ seen: 20, skipped: 5, selected: 13, unrecorded: 2, mirrored: 6, errored: 3, dropped: 1 });
  expect(residueOf(books, 3)).toBe(0);
});

test("requests without an explanation are a residue on either side, and two defects never cancel out", () => {
  expect(residueOf(balance({ seen: 2 }), 0)).toBe(2);
  expect(residueOf(balance({ skipped: 2 }), 0)).toBe(2);
  expect(residueOf(balance({ seen: 1, selected: 1 }), 0)).toBe(1);
  expect(residueOf(balance({ seen: 1, selected: 1, mirrored: 2 }), 0)).toBe(1);
  expect(residueOf(balance({}), 1)).toBe(1);
  expect(residueOf(balance({ seen: 2, selected: 1 }), 2)).toBe(2);
});

/** Counts open requests a second time, from the events alone. */
function countOpen(open: Map<number, Set<number>>, event: MirrorEvent): void {
  if (event.kind === "queued") open.set(event.lane, (open.get(event.lane) ?? new Set()).add(event.request));
  if (event.kind === "mirrored" || event.kind === "errored" || event.kind === "dropped") {
    open.get(event.lane)?.delete(event.request);
  }
}

test("after every batch of any event sequence the balances leave no residue", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, async (batches) => {
      using log = await given(createLedgerBalance());
      const open = new Map<number, Set<number>>();
      for (const events of batches) {
        log.when(...events);
        for (const event of events) countOpen(open, { ...event, seq: 1 });
        const rows = log.rows("ledger_balance");
        for (let lane = 1; lane <= LANES; lane++) {
          const residue = residueOf({ ...blankBalanceRow(), ...rows[lane] }, open.get(lane)?.size ?? 0);
          expect(residue).toBe(0);
        }
      }
    }),
  );
});

test("the law holds on MirrorStats too, for every lane and in total, whenever it is reset", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, async (batches) => {
      using log = await given(createMirrorStats());
      const open = new Map<number, Set<number>>();
      for (const events of batches) {
        log.when(...events);
        for (const event of events) countOpen(open, { ...event, seq: 1 });
        const rows = log.rows("mirror_stats");
        const everywhere = [...open.values()].reduce((sum, requests) => sum + requests.size, 0);
        for (const [lane, row] of Object.entries(rows)) {
          const books = balance({
            seen: row["requests_total"] ?? 0,
            skipped: row["requests_skipped"] ?? 0,
            selected: row["requests_selected"] ?? 0,
            mirrored: row["requests_mirrored"] ?? 0,
            errored: row["requests_errored"] ?? 0,
            dropped: row["requests_dropped"] ?? 0,
            unrecorded: row["requests_unrecorded"] ?? 0,
          });
          const inFlight = Number(lane) === ALL_LANES ? everywhere : (open.get(Number(lane))?.size ?? 0);
          expect(residueOf(books, inFlight)).toBe(0);
        }
      }
    }),
  );
});
