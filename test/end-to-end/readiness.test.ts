// The verdict of a running service on real traffic between two real servers.

import { expect, test } from "vitest";
import { z } from "zod";
import { runProgram } from "../../src/cli/program.ts";
import { type Readiness, readinessSchema } from "../../src/projections/readiness/readiness-schema.ts";
import { createDatabase, withClient } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { settledStats } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { PRIMARY_ONLY, SCHEMA } from "./mixed-clients.ts";

/** A policy that a test of seconds can meet; two servers on a shared machine are no match for the latency rules. */
const LENIENT = Object.entries({
  mirror_consecutive_success: 100,
  mirror_min_runtime_hours: 0,
  mirror_min_requests: 300,
  mirror_p99_rule: "off",
  max_latency_ratio: "off",
}).map(([name, value]) => `${name}=${value}`);
const GOOD_REQUESTS = 400;

/** Writes an event and answers with its moment. */
async function mark(pgsoak: PgsoakProcess): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(pgsoak.api("/markers"), { method: "POST", headers, body: '{"text":"enough"}' });
  return z.object({ at: z.string() }).parse(await response.json()).at;
}

async function ask(pgsoak: PgsoakProcess, ...parameters: string[]): Promise<Readiness> {
  const response = await fetch(pgsoak.api(`/readiness?${parameters.join("&")}`));
  expect(response.status).toBe(200);
  return readinessSchema.parse(await response.json());
}

/** The exit code and the report of `pgsoak readiness --json` on the service's log. */
async function askCommand(pgsoak: PgsoakProcess, ...options: string[]): Promise<[code: number, answer: unknown]> {
  let [stdout, stderr] = ["", ""];
  const code = await runProgram(["readiness", "--json", "--config", pgsoak.configFile, ...options], {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env: {},
  });
  expect(stderr).toBe("");
  return [code, JSON.parse(stdout)];
}

test("a soak without a fault is READY under a policy that it meets, until the mirror fails alone", async () => {
  await using database = await createDatabase("readiness");
  await database.onBoth(SCHEMA);
  await database.onPrimary(PRIMARY_ONLY);
  // The first login to the mirror takes longer than a hundred requests.
  const tables = mirrorTables(database.primary, database.mirror, { queue_length: 2 * GOOD_REQUESTS });
  await using pgsoak = await startPgsoakProcess({ tables });
  expect(await ask(pgsoak)).toMatchObject({ verdict: "INCONCLUSIVE", metrics: { error_rate: null } });

  await withClient({ ...pgsoak.proxy, database: database.name, user: "postgres" }, async (client) => {
    for (let i = 0; i < GOOD_REQUESTS; i++) await client.query("SELECT balance FROM account WHERE id = $1", [i % 64]);
  });
  await settledStats(pgsoak, GOOD_REQUESTS);
  const strict = await ask(pgsoak, "max_latency_ratio=off");
  expect(strict.verdict).toBe("INCONCLUSIVE");
  expect(strict.reasons).toContain(`Total requests ${GOOD_REQUESTS} below minimum 100000`);
  const ready = await ask(pgsoak, ...LENIENT);
  expect(ready).toMatchObject({ verdict: "READY", confidence_score: 100, reasons: ["All migration criteria met"] });
  expect(ready.metrics).toMatchObject({ error_rate: 0, unaccounted: 0, total_requests: GOOD_REQUESTS });

  await withClient({ ...pgsoak.proxy, database: database.name, user: "postgres" }, async (client) => {
    for (let i = 0; i < 20; i++) await client.query("SELECT id FROM only_primary");
  });
  await settledStats(pgsoak, GOOD_REQUESTS + 20);
  const failed = await ask(pgsoak, ...LENIENT);
  expect(failed).toMatchObject({ verdict: "NOT_READY", metrics: { attribution: { compatibility: 20 } } });
  expect(failed.metrics.worst_statements[0]).toMatchObject({ errored: 20, errors: { "42P01": 20 } });

  // Up to a last event: what comes behind it nobody knows before the next start.
  const [from, to] = [failed.from, await mark(pgsoak)];
  const window = [`from=${from}`, `to=${to}`];
  const before = await ask(pgsoak, ...window, ...LENIENT);
  await pgsoak.kill();
  await pgsoak.start();
  expect(await ask(pgsoak, ...window, ...LENIENT)).toEqual(before);
  const options = LENIENT.flatMap((setting) => ["--set", setting]);
  const command = await askCommand(pgsoak, "--from", from, "--to", to, ...options);
  expect(command).toEqual([1, before]);
}, 120_000);

test("a service that records nothing is INCONCLUSIVE and says why", async () => {
  await using database = await createDatabase("unrecorded");
  await database.onBoth(SCHEMA);
  const general = { mirror_metrics_enabled: false };
  const tables = { ...mirrorTables(database.primary, database.mirror), general };
  await using pgsoak = await startPgsoakProcess({ tables });
  await withClient({ ...pgsoak.proxy, database: database.name, user: "postgres" }, async (client) => {
    await client.query("UPDATE account SET balance = 7 WHERE id = 1");
  });
  const mirrored = "SELECT balance FROM account WHERE id = 1";
  await waitFor(async () => JSON.stringify(await database.onMirror(mirrored)).includes("7"));
  const { verdict, reasons } = await ask(pgsoak, ...LENIENT);
  expect(verdict).toBe("INCONCLUSIVE");
  expect(reasons[0]).toBe("Recording is off (mirror_metrics_enabled = false): there is no evidence");
}, 60_000);
