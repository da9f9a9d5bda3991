import type { Database } from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog } from "../../src/events/event-log.ts";
import { KnownFacts } from "../../src/events/known-facts.ts";
import { createNotes } from "../../src/projections/notes.ts";
import { createObservationLedger } from "../../src/projections/observations.ts";
import { anyEvent } from "../events/event-arbitrary.ts";
import { logFolder } from "../events/log-folder.ts";
import { runStarted } from "./facts.ts";

const folds = () => [new KnownFacts(), createNotes(), createObservationLedger()];
const TABLES = folds().flatMap(({ tables }) => tables);
const open = (path: string): Promise<EventLog> => EventLog.open({ path, folds: folds() });

const tablesOf = (db: Database): unknown =>
  Object.fromEntries(TABLES.map((table) => [table, db.prepare(`select * from ${table} order by 1, 2`).all()]));

const names = fc.uniqueArray(fc.constantFrom("pg17", "pg18", "pg19"));
const settings = fc.record({ level: fc.constantFrom("all", "dml"), compare: fc.constantFrom("off", "rows") });
const run = fc.record({ at: fc.nat(1e6), names, settings, metricsEnabled: fc.boolean() });
const batches = fc.array(
  fc.record({ run: fc.option(run), events: fc.array(anyEvent, { minLength: 1, maxLength: 10 }) }),
  {
    maxLength: 6,
  },
);

test("facts, notes and the ledger are the same after a replay, and however often the log was opened", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (plan) => {
      using folder = logFolder();
      const written = plan.map(({ run: start, events }, index) => {
        if (start === null) return events;
        const mirrorings = start.names.map((name) => ({ name, settings: start.settings, exposure: 1 }));
        return [runStarted(start.at, { run: index + 1, mirrorings, metricsEnabled: start.metricsEnabled }), ...events];
      });
      using whole = await open(`${folder.path}-whole`);
      for (const events of written) whole.appendBatch(events);
      for (const events of written) {
        using log = await open(folder.path);
        log.appendBatch(events);
      }
      {
        using log = await open(folder.path);
        expect(tablesOf(log.db)).toEqual(tablesOf(whole.db));
        for (const table of [...TABLES, "fold_position"]) log.db.exec(`delete from ${table}`);
      }
      using replayed = await open(folder.path);
      expect(tablesOf(replayed.db)).toEqual(tablesOf(whole.db));
    }),
    { numRuns: 25 },
  );
});

test("a second set of tables is filled by the same folds under a prefix", () => {
  const prefixed = [new KnownFacts("checkpoint_"), createNotes("checkpoint_"), createObservationLedger("checkpoint_")];
  expect(prefixed.flatMap(({ tables }) => tables)).toEqual(TABLES.map((table) => `checkpoint_${table}`));
});
