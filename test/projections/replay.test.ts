import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { residueOf } from "../../src/projections/conservation.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { inFlightOf } from "../../src/projections/stats-row.ts";
import { eventBatches, LANES } from "./event-sequences.ts";

const open = (path: string): Promise<EventLog> =>
  EventLog.open({ path, folds: [new OpenRequests(), ...createProjections()] });

function registerLanes(log: EventLog): void {
  for (let lane = 1; lane <= LANES; lane++) log.lanes.register("pg18", `database ${lane}`);
}

const TABLES = createProjections().flatMap(({ tables }) => tables);

/** All tables as they stand on disk. */
function tablesOf(db: Database): unknown {
  return TABLES.map((table) => db.prepare(`select * from ${table} order by 1, 2`).raw().all());
}

async function withFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-replay-"));
  try {
    await use(join(folder, "pgsoak.db"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("tables that are dropped and replayed from the log are the same to the last column", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, (batches) =>
      withFolder(async (path) => {
        let log = await open(path);
        registerLanes(log);
        for (const events of batches) log.appendBatch(events);
        const lived = tablesOf(log.db);
        for (const table of [...TABLES, "fold_position"]) log.db.exec(`delete from ${table}`);
        log.close();

        log = await open(path);
        expect(tablesOf(log.db)).toEqual(lived);
        log.close();
      }),
    ),
    { numRuns: 30 },
  );
});

test("a log that is closed and opened between its batches has the same tables as one that never was", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, (batches) =>
      withFolder(async (path) => {
        using whole = await open(`${path}-whole`);
        registerLanes(whole);
        for (const events of batches) whole.appendBatch(events);

        for (const [index, events] of batches.entries()) {
          using log = await open(path);
          if (index === 0) registerLanes(log);
          log.appendBatch(events);
        }
        using log = await open(path);
        expect(tablesOf(log.db)).toEqual(tablesOf(whole.db));
      }),
    ),
    { numRuns: 20 },
  );
});

test("every committed batch balances: the residue is 0 and both counts of open requests agree", async () => {
  await fc.assert(
    fc.asyncProperty(eventBatches, (batches) =>
      withFolder(async (path) => {
        using log = await open(path);
        registerLanes(log);
        for (const events of batches) {
          log.appendBatch(events);
          const { lanes, total } = await readStats(log.reader);
          for (const { balance, stats, inFlight } of lanes) {
            expect(residueOf(balance, inFlight)).toBe(0);
            expect(inFlightOf(stats)).toBe(inFlight);
          }
          expect(inFlightOf(total)).toBe(lanes.reduce((sum, { inFlight }) => sum + inFlight, 0));
        }
      }),
    ),
    { numRuns: 30 },
  );
});

test("a batch that could not be written leaves no trace in the tables", async () => {
  await withFolder(async (path) => {
    using log = await open(path);
    registerLanes(log);
    log.appendBatch([
      { kind: "tallied", at: 1, lane: 1, seen: 1 },
      { kind: "skipped", at: 1, lane: 1, reason: "filter", count: 1 },
    ]);
    const before = tablesOf(log.db);
    log.db.exec("create trigger refuse before insert on event begin select raise(abort, 'disk full'); end");
    expect(() => log.appendBatch([{ kind: "tallied", at: 2, lane: 1, seen: 5 }])).toThrow("disk full");
    log.db.exec("drop trigger refuse");
    expect(tablesOf(log.db)).toEqual(before);

    log.appendBatch([{ kind: "tallied", at: 3, lane: 1, seen: 1 }]);
    expect((await readStats(log.reader)).total.requests_total).toBe(2);
  });
});
