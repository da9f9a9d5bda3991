// SIGHUP to a real process: what changes, what waits for a restart, and what a broken file does.

import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openReader } from "../../src/events/log-reader.ts";
import { createDatabase, type TestDatabase, withClient } from "../helpers/clusters.ts";
import { type ConfigTables, mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("reload");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const tables = (mirroring = {}, more: ConfigTables = {}): ConfigTables => {
  return { ...mirrorTables(database.primary, database.mirror, mirroring), ...more };
};

/** The line of the log with this message, once there are `count` of them. */
async function line(pgsoak: PgsoakProcess, message: string, count = 1): Promise<Record<string, unknown>> {
  const lines = (): string[] => pgsoak.output().split("\n");
  const found = (): string[] => lines().filter((text) => text.includes(`"msg":"${message}"`) && text.endsWith("}"));
  await waitFor(() => found().length >= count, { message });
  return JSON.parse(found()[count - 1]!) as Record<string, unknown>;
}

async function reload(pgsoak: PgsoakProcess, to: ConfigTables, count = 1): Promise<Record<string, unknown>> {
  pgsoak.configure(to);
  pgsoak.signal("SIGHUP");
  return await line(pgsoak, "configuration reloaded", count);
}

async function select(pgsoak: PgsoakProcess, times: number): Promise<void> {
  await withClient({ ...pgsoak.proxy, user: "postgres", database: database.name }, async (client) => {
    for (let n = 0; n < times; n++) await client.query("SELECT 1");
  });
}

test("what can change does at once, what can't is named, and no counter moves", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: tables() });
  await select(pgsoak, 3);
  const before = await settledStats(pgsoak, 3);
  const said = await reload(
    pgsoak,
    tables({ exposure: 0 }, { api: { token: "a-token-of-the-test" }, events: { flush_ms: 20 } }),
  );
  expect(said["changed"]).toEqual(['mirroring "candidate".exposure: 1 -> 0', 'api.token: not set -> "********"']);
  const waiting = await line(pgsoak, "some settings change only when pgsoak is restarted");
  expect(waiting["needRestart"]).toEqual(["events.flush_ms: 50 -> 20"]);
  expect((await fetch(pgsoak.api("/stats"))).status).toBe(401);

  await reload(pgsoak, tables({ exposure: 0 }), 2);
  expect(await readStatsOf(pgsoak)).toEqual(before);
  await select(pgsoak, 2);
  const after = await settledStats(pgsoak, 5);
  expect(after.total).toMatchObject({ requests_total: 5, requests_mirrored: 3, requests_skipped: 2 });
  expect(pgsoak.output()).not.toContain("a-token-of-the-test");
});

test("a filter that changes begins an epoch, once, though a restart follows", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: tables() });
  await reload(pgsoak, tables({ level: "reads", queue_length: 7 }));
  await pgsoak.stop();
  await pgsoak.start();
  await pgsoak.stop();
  using reader = openReader(pgsoak.logFile);
  const events = await reader.readEvents({ after: 0, limit: 1000 });
  expect(events.filter(({ kind }) => kind === "epoch_started")).toMatchObject([
    { mirroring: "candidate", what: "level", before: "all", after: "reads" },
  ]);
});

test("a broken file changes nothing and every mistake in it is said", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: tables() });
  await select(pgsoak, 1);
  await settledStats(pgsoak, 1);
  pgsoak.configure(tables({ exposure: 0 }));
  appendFileSync(pgsoak.configFile, '\n[tls]\nrequired = "yes"\n\n[readiness]\nmax_drop_rate = 7\n');
  pgsoak.signal("SIGHUP");
  const { cause } = await line(pgsoak, "the configuration can't be reloaded, nothing has changed");
  expect(cause).toMatch(/tls\.required: expected true or false[^]*readiness\.max_drop_rate: expected a number/);
  await select(pgsoak, 1);
  expect((await settledStats(pgsoak, 2)).total).toMatchObject({ requests_mirrored: 2, requests_skipped: 0 });
});

test("RELOAD on the console answers with what changed and what waits, and with every mistake", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: tables() });
  const admin = { host: "127.0.0.1", port: pgsoak.ports.admin, user: "alice", database: "pgsoak" };
  await withClient(admin, async (client) => {
    pgsoak.configure(tables({ timeout_ms: 900 }, { events: { flush_ms: 20 } }));
    expect((await client.query("RELOAD")).rows).toEqual([
      { effect: "in force", setting: 'mirroring "candidate".timeout_ms: 5000 -> 900' },
      { effect: "after a restart", setting: "events.flush_ms: 50 -> 20" },
    ]);
    pgsoak.configure(tables({ exposure: 3 }));
    const { code, detail } = (await client.query("RELOAD").catch((error: unknown) => error)) as {
      code: string;
      detail: string;
    };
    expect([code, detail]).toEqual(["F0000", expect.stringContaining("mirroring[0].exposure: expected a number")]);
  });
});
