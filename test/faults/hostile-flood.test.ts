import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { frame } from "../helpers/messages.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { dataRow, noticeResponse } from "../helpers/server-messages.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { type LoadReport, SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

const TIMEOUT_MS = 250;
const SESSIONS = 8;
const REQUESTS = 1500;

const floods: Readonly<Record<string, Buffer>> = {
  notices: Buffer.concat(Array<Buffer>(500).fill(noticeResponse("x".repeat(100)))),
  rows: Buffer.concat(Array<Buffer>(500).fill(dataRow(Buffer.alloc(100)))),
  "the smallest messages": Buffer.concat(Array<Buffer>(10_000).fill(frame("I"))),
  "rows of 100 MB": dataRow(Buffer.alloc(100 << 20)),
};

describe("a mirror that answers every request with a flood without end, in a process under load", () => {
  let database: TestDatabase;
  let mirror: Worker;
  let pgsoak: PgsoakProcess;
  let sent = 0;

  beforeAll(async () => {
    database = await createDatabase("hostile_flood");
    const target = { host: database.mirror.host, port: database.mirror.port };
    mirror = new Worker(new URL("hostile-flood-worker.ts", import.meta.url), { workerData: target });
    const [port] = (await once(mirror, "message")) as [number];
    pgsoak = await startPgsoakProcess({
      tables: mirrorTables(database.primary, { host: "127.0.0.1", port }, { timeout_ms: TIMEOUT_MS }),
    });
  });

  afterAll(async () => {
    await pgsoak[Symbol.asyncDispose]();
    await mirror.terminate();
    await database[Symbol.asyncDispose]();
  });

  const load = async (requests: number): Promise<LoadReport> => {
    const running = new SteadyLoad(
      { ...pgsoak.proxy, database: database.name },
      { sessions: SESSIONS, pauseMs: 5, ask: (client) => client.query("SELECT 'asked'") },
    );
    await waitFor(() => running.requests >= requests, { timeoutMs: 30_000, message: `${requests} answers` });
    sent += running.requests;
    const report = await running.stop();
    sent += running.requests - sent;
    return report;
  };

  const recovered = async (): Promise<void> => {
    const before = (await readStatsOf(pgsoak)).total.requests_mirrored;
    await waitFor(
      async () => {
        await load(SESSIONS);
        return (await readStatsOf(pgsoak)).total.requests_mirrored > before;
      },
      { timeoutMs: 20_000, message: "it mirrors again" },
    );
  };

  test.each(Object.keys(floods))("%s", async (name) => {
    mirror.postMessage(null);
    await recovered();
    const healthy = await load(REQUESTS);
    mirror.postMessage(floods[name]!);
    const cpu = process.cpuUsage();
    const flooded = await load(REQUESTS);
    console.log(name, healthy, flooded, process.cpuUsage(cpu), (await readStatsOf(pgsoak)).total.errors_timeout);
    expect(flooded.errors).toEqual([]);
    expect(flooded.p99Ms).toBeLessThanOrEqual(Math.max(25, 3 * healthy.p99Ms));
  });
});
