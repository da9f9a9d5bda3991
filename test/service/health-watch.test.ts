import { join } from "node:path";
import { expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createLog } from "../../src/log.ts";
import { startService } from "../../src/service.ts";
import { logFolder } from "../events/log-folder.ts";
import { createDatabase, withClient } from "../helpers/clusters.ts";
import { configText, mirrorTables } from "../helpers/config-text.ts";
import { waitFor } from "../helpers/wait-for.ts";

test("a mirror that fails again and again, or is too slow, is unhealthy until it is neither", async () => {
  await using database = await createDatabase("health");
  using folder = logFolder();
  const configOf = (thresholds: Readonly<Record<string, number>>): Config => {
    const tables = { ...mirrorTables(database.primary, database.mirror), general: { threads: 1, ...thresholds } };
    const text = configText(tables, folder.folder, { proxy: 0, api: 0, admin: 0 });
    return parseConfig(text, { file: join(folder.folder, "pgsoak.toml"), env: {}, allowPortZero: true });
  };
  let config = configOf({ mirror_error_threshold: 3, mirror_latency_threshold_ms: 20 });
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => lines.push(line) } });
  await using started = {
    service: await startService(config, log, { reread: () => config }),
    [Symbol.asyncDispose]: () => started.service.stop(),
  };
  const { service } = started;
  const { proxy, api } = service.addresses;
  const ask = (sql: string): Promise<void> =>
    withClient({ ...proxy, user: "postgres", database: database.name }, async (client) => {
      await client.query(sql);
    });
  const healthy = async (): Promise<string | undefined> => {
    const metrics = await (await fetch(`http://${api.host}:${api.port}/metrics`)).text();
    return /^pgsoak_mirror_healthy\{[^}]*\} (\d)$/m.exec(metrics)?.[1];
  };
  await waitFor(async () => (await healthy()) === "1");

  // What came before the first look is no part of any minute.
  await waitFor(async () => {
    await ask("SELECT pg_sleep(0.1)");
    return (await healthy()) === "0";
  });
  expect(lines.join("")).toContain('"cause":"mean latency above 20 ms"');

  config = configOf({ mirror_error_threshold: 3, mirror_latency_threshold_ms: 5000 });
  await service.reload("a test");
  await waitFor(async () => (await healthy()) === "1");
  expect(lines.join("")).toContain("mirror is healthy again");

  await database.onPrimary("CREATE TABLE only_here ()");
  for (let error = 0; error < 3; error++) await ask("SELECT FROM only_here");
  await waitFor(async () => (await healthy()) === "0");
  expect(lines.join("")).toContain('"cause":"3 errors in a row"');
  await ask("SELECT 1");
  await waitFor(async () => (await healthy()) === "1");
});
