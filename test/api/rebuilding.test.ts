import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { PgsoakError } from "../../src/errors.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { readWindowBounds } from "../../src/projections/log-extent.ts";
import { readSeries } from "../../src/projections/read-series.ts";
import { readStatements } from "../../src/projections/read-statements.ts";
import { readWindow } from "../../src/projections/read-window.ts";
import { readConsoleHistory } from "../../src/service/console-history.ts";
import { readConsoleStatements } from "../../src/service/console-statements.ts";
import type { ApiFixture } from "./api-fixture.ts";
import { AT, openBusyApi } from "./busy-api.ts";
import { readExposition } from "./exposition.ts";

/** Who reads each projection. */
const READS_OF: Readonly<Record<string, readonly string[]>> = {
  rollups: ["readWindow", "readSeries", "readConsoleHistory"],
  statement_rollups: ["readStatements", "readConsoleStatements"],
  ledger_balance: [
    "readWindow",
    "readSeries",
    "readStatements",
    "readConsoleHistory",
    "readConsoleStatements",
    "readWindowBounds",
  ],
  notes: ["readWindowBounds"],
};

/** As when the projection is being folded anew. */
function leaveBehind(db: Database, projection: string): void {
  db.prepare("update fold_position set seq = seq / 2 where name = ?").run(projection);
}

function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    return error instanceof PgsoakError && error.code === "rebuilding";
  }
}

/** As when the counters have been emptied to be folded anew, and have come half the way. */
async function openRebuildingApi(): Promise<ApiFixture> {
  const api = await openBusyApi();
  const of = api.events.lastSeq;
  api.events.db.prepare("update fold_position set seq = ? where name = 'mirror_stats'").run(of / 2);
  api.live.rebuildingStatus = { projection: "mirror_stats", done: of / 2, of };
  return api;
}

test("/stats says that a projection is being rebuilt instead of half a number", async () => {
  await using api = await openRebuildingApi();
  const answer = await api.get("/stats");
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    code: "rebuilding",
    detail: "The projection mirror_stats is being rebuilt (50%): ask again when it is whole.",
  });
  expect(api.logged).toEqual([]);
});

test("/metrics leaves out what comes from a projection that is being rebuilt, and says how far it is", async () => {
  await using api = await openRebuildingApi();
  const families = readExposition(await (await api.get("/metrics")).text());
  const named = new Map(families.map(({ name, samples }) => [name, samples]));
  expect(named.get("pgsoak_projection_lag_events")).toMatchObject([{ value: 6 }]);
  expect(named.get("pgsoak_events_appended_total")).toMatchObject([{ value: 12 }]);
  expect(named.get("pgsoak_mirror_queue_depth")).toHaveLength(1);
  expect(named.get("pgsoak_events_unrecorded_total")).toEqual([]);
  expect([...named.keys()].filter((name) => /_mirror_(seen|requests|failures)|^mirror_/.test(name))).toEqual([]);
});

test("/healthz says how far a rebuild has come", async () => {
  await using api = await openRebuildingApi();
  expect(await (await api.get("/healthz")).json()).toEqual({
    status: "ok",
    recording: "ok",
    log: "ok",
    rebuilding: { projection: "mirror_stats", done: 6, of: 12 },
  });
});

test("/readiness gives no verdict on rollups that are being rebuilt, and its metrics are absent", async () => {
  await using api = await openBusyApi();
  const of = api.events.lastSeq;
  api.events.db.prepare("update fold_position set seq = ? where name = 'rollups'").run(of / 2);
  const answer = await api.get("/readiness");
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "rebuilding" });
  const families = readExposition(await (await api.get("/metrics")).text());
  expect(families.filter(({ name }) => name.includes("readiness"))).toEqual([]);
  expect(families.map(({ name }) => name)).toContain("pgsoak_mirror_seen_total");
});

test.each([
  ["/observations", "observations"],
  ["/observations", "notes"],
  ["/markers", "notes"],
])("%s says that the projection %s is being rebuilt instead of an empty list", async (path, projection) => {
  await using api = await openBusyApi();
  leaveBehind(api.events.db, projection);
  const answer = await api.get(path);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "rebuilding" });
  expect(api.logged).toEqual([]);
});

test.each(["rollups", "statement_rollups", "ledger_balance", "notes"])(
  "no window is read while a projection that it comes from is being rebuilt: %s",
  async (projection) => {
    await using api = await openBusyApi();
    using reader = openReader(api.events.db.name);
    const window = { from: AT, to: AT + 1_000_000 };
    const reads = {
      readWindow: () => readWindow(reader, window),
      readSeries: () => readSeries(reader, window, 1_000_000),
      readStatements: () => readStatements(reader, window),
      readConsoleHistory: () => readConsoleHistory(reader, window, 1_000_000),
      readConsoleStatements: () => readConsoleStatements(reader, window),
      readWindowBounds: () => readWindowBounds(reader, AT),
    };
    for (const read of Object.values(reads)) expect(read).not.toThrow();
    leaveBehind(api.events.db, projection);
    const refused = Object.entries(reads).filter(([, read]) => isRefused(read));
    expect(refused.map(([name]) => name)).toEqual(READS_OF[projection]);
  },
);
