import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { residueOf } from "../../src/projections/conservation.ts";
import { createLatencyTotals } from "../../src/projections/latency-totals.ts";
import { createLedgerBalance } from "../../src/projections/ledger-balance.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { createMirrorStats } from "../../src/projections/stats.ts";
import { mirrored, queued, runStarted, tallied, unrecorded } from "./facts.ts";

async function withLog(use: (log: EventLog, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-stats-"));
  const path = join(folder, "pgsoak.db");
  const folds = [new OpenRequests(), createMirrorStats(), createLedgerBalance(), createLatencyTotals()];
  try {
    using log = await EventLog.open({ path, folds });
    await use(log, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a reader beside the writer sees the committed counters, by mirroring and database", async () => {
  await withLog(async (log, path) => {
    using reader = openReader(path);
    const b = log.lanes.register("b", "x");
    const a = log.lanes.register("a", "y");
    log.appendBatch([runStarted(7), queued(8, { lane: a }), tallied(9, 1, { lane: a }), tallied(9, 2, { lane: b })]);

    const snapshot = await readStats(reader);
    expect(snapshot).toMatchObject({ seq: 4, since: 7, total: { requests_total: 3 }, unrecorded: 0 });
    expect(snapshot.lanes.map(({ mirroring, inFlight }) => [mirroring, inFlight])).toEqual([
      ["a", 1],
      ["b", 0],
    ]);
  });
});

test("an empty log reads as zeroes", async () => {
  await withLog(async (_, path) => {
    using reader = openReader(path);
    expect(await readStats(reader)).toMatchObject({ seq: 0, since: null, total: { requests_total: 0 }, lanes: [] });
  });
});

test("losses without a lane are in the log's sum", async () => {
  await withLog(async (log, path) => {
    using reader = openReader(path);
    const lane = log.lanes.register("a", "y");
    log.appendBatch([
      unrecorded(1, { lane, requests: 2 }),
      unrecorded(2, { lane: null, requests: 3 }),
      tallied(3, 2, { lane }),
    ]);
    expect((await readStats(reader)).unrecorded).toBe(5);
  });
});

test("every snapshot belongs to one commit, however fast the writer is", async () => {
  await withLog(async (log, path) => {
    using reader = openReader(path);
    const lane = log.lanes.register("a", "y");
    for (let request = 1; request <= 200; request++) {
      const looking = readStats(reader);
      log.appendBatch([queued(request, { lane, request }), tallied(request, 1, { lane })]);
      log.appendBatch([mirrored(request, { lane, request })]);
      for (const { balance, inFlight } of (await looking).lanes) expect(residueOf(balance, inFlight)).toBe(0);
    }
    expect((await readStats(reader)).total.requests_mirrored).toBe(200);
  });
});
