// A disk that hangs for whoever reads the log: the thread that reads it waits in the kernel, and can't be ended.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createLog } from "../../src/log.ts";
import { startService } from "../../src/service.ts";
import { readExposition } from "../api/exposition.ts";
import { logFolder } from "../events/log-folder.ts";
import { createDatabase, type TestDatabase, withClient } from "../helpers/clusters.ts";
import { configText, mirrorTables } from "../helpers/config-text.ts";
import { createFifo } from "../helpers/fifo.ts";
import { settledStats } from "../helpers/stats-client.ts";
import { SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

const ENTRY = new URL("./faulty-reader-worker.ts", import.meta.url);
/** What the scraper and the orchestrator at the longest wait for. */
const PATIENCE_MS = 8000;

async function startFaulty(folder: string, { primary, mirror }: TestDatabase) {
  const text = configText(mirrorTables(primary, mirror), folder, { proxy: 0, api: 0, admin: 0 });
  const config = parseConfig(text, { file: join(folder, "pgsoak.toml"), env: {}, allowPortZero: true });
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => lines.push(line) } });
  const service = await startService(config, log, { readerEntry: ENTRY });
  const { host, port } = service.addresses.api;
  return {
    ...service.addresses,
    path: config.events.path,
    lines,
    api: (path: string) => `http://${host}:${port}${path}`,
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

type Pgsoak = Awaited<ReturnType<typeof startFaulty>>;

async function ask(pgsoak: Pgsoak, path: string): Promise<{ status: number; ms: number; text: string }> {
  const before = performance.now();
  const answer = await fetch(pgsoak.api(path), { signal: AbortSignal.timeout(PATIENCE_MS) });
  return { status: answer.status, text: await answer.text(), ms: performance.now() - before };
}

const healthOf = async (pgsoak: Pgsoak): Promise<unknown> => JSON.parse((await ask(pgsoak, "/healthz")).text);

test("a log that hangs for readers silences nothing: health from memory, live gauges, clear refusals, and back by itself", async () => {
  await using database = await createDatabase("reader_hangs");
  using folder = logFolder();
  await using pgsoak = await startFaulty(folder.folder, database);
  await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, { sessions: 2, pauseMs: 5 });
  await waitFor(async () => (await ask(pgsoak, "/stats")).text.includes('"match":'));

  using fifo = createFifo(`${pgsoak.path}.stuck`);
  const answered = load.requests;
  const whileItHangs = Promise.all([ask(pgsoak, "/stats"), ask(pgsoak, "/metrics"), ask(pgsoak, "/observations")]);
  const console = withClient({ ...pgsoak.admin, user: "alice", database: "pgsoak" }, (client) =>
    client.query("SHOW MIRROR_STATS").catch((error: unknown) => error),
  );
  // All the while the orchestrator hears that all is well with clients.
  for (let i = 0; i < 20; i++) expect(await ask(pgsoak, "/healthz")).toMatchObject({ status: 200 });
  const [stats, metrics] = await whileItHangs;
  expect(stats.status).toBe(503);
  expect(JSON.parse(stats.text)).toMatchObject({ code: "log_unavailable", detail: expect.stringContaining("hangs") });
  const families = new Map(readExposition(metrics.text).map(({ name, samples }) => [name, samples]));
  expect(families.get("pgsoak_event_log_readable")).toMatchObject([{ value: 0 }]);
  expect(families.get("pgsoak_client_connections")).toMatchObject([{ value: 2 }]);
  expect([...families.keys()]).not.toContain("pgsoak_mirror_seen_total");
  await waitFor(async () => JSON.stringify(await healthOf(pgsoak)).includes('"reading":"broken"'));
  expect(await healthOf(pgsoak)).toMatchObject({ status: "ok", recording: "ok" });
  expect(await console).toMatchObject({ code: "58030" });
  expect(load.requests).toBeGreaterThan(answered);

  fifo.release();
  await waitFor(async () => (await ask(pgsoak, "/stats")).status === 200);
  await waitFor(async () => !JSON.stringify(await healthOf(pgsoak)).includes("reading"));
  expect(pgsoak.lines.filter((line) => line.includes("the event log can't be read"))).toHaveLength(1);
  expect(pgsoak.lines.filter((line) => line.includes("the event log can be read again"))).toHaveLength(1);
  expect((await load.stop()).errors).toEqual([]);
  const { total } = await settledStats({ api: pgsoak.api }, load.requests);
  expect(total.requests_unrecorded).toBe(0);
}, 60_000);

test("a reader that dies is replaced without anybody's doing, counted and said", async () => {
  await using database = await createDatabase("reader_dies");
  using folder = logFolder();
  await using pgsoak = await startFaulty(folder.folder, database);
  await waitFor(async () => (await ask(pgsoak, "/stats")).status === 200);
  writeFileSync(`${pgsoak.path}.fall`, "");
  await waitFor(() => pgsoak.lines.some((line) => line.includes("the event log can be read again")));
  expect(pgsoak.lines.join("")).toContain("the thread that reads the log has ended");
  expect((await ask(pgsoak, "/metrics")).text).toMatch(/event_log_unanswered_total\{reason="died"\} [1-9]/);
});
