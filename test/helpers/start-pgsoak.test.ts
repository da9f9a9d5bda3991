import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { statsJsonSchema } from "../../src/projections/stats-json.ts";
import { createDatabase, withClient } from "./clusters.ts";
import { mirrorTables } from "./config-text.ts";
import { startPgsoak } from "./start-pgsoak.ts";
import { startPgsoakProcess } from "./pgsoak-process.ts";
import { waitFor } from "./wait-for.ts";

async function mirroredAt(url: string): Promise<number> {
  const answer = await fetch(url);
  return statsJsonSchema.parse(await answer.json()).total.requests_mirrored;
}

test("pgsoak in this process mirrors a request and leaves no folder", async () => {
  await using database = await createDatabase("start_pgsoak");
  let logFile: string;
  {
    await using pgsoak = await startPgsoak(mirrorTables(database.primary, database.mirror));
    ({ logFile } = pgsoak);
    const client = { ...pgsoak.proxy, user: "postgres", database: database.name };
    const { rows } = await withClient(client, (connected) => connected.query("SELECT 1 AS one"));
    expect(rows).toEqual([{ one: 1 }]);
    await waitFor(async () => (await mirroredAt(pgsoak.api("/stats"))) === 1, { message: "the request is mirrored" });
  }
  expect(existsSync(logFile)).toBe(false);
});

test("pgsoak as a process serves, stops at SIGTERM with 0, lives again on its log, and dies of kill", async () => {
  await using database = await createDatabase("pgsoak_process");
  await using pgsoak = await startPgsoakProcess({ tables: mirrorTables(database.primary, database.mirror) });
  const ask = () =>
    withClient({ ...pgsoak.proxy, user: "postgres", database: database.name }, (client) => client.query("SELECT 1"));
  await ask();
  await waitFor(async () => (await mirroredAt(pgsoak.api("/stats"))) === 1, { message: "the request is mirrored" });
  expect(await pgsoak.stop()).toEqual({ code: 0, signal: null });
  await pgsoak.start();
  expect(await mirroredAt(pgsoak.api("/stats"))).toBe(1);
  await pgsoak.kill();
  expect(await pgsoak.ended()).toEqual({ code: null, signal: "SIGKILL" });
});
