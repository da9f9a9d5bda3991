import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
const REQUESTS = 1000;
const ATTEMPTS = 3;
const MEGABYTE = 1 << 20;

const floods: Readonly<Record<string, Buffer>> = {
  notices: Buffer.concat(Array<Buffer>(500).fill(noticeResponse("x".repeat(100)))),
  "the smallest messages": Buffer.concat(Array<Buffer>(10_000).fill(frame("I"))),
  "rows of 100 MB": dataRow(Buffer.alloc(100 * MEGABYTE)),
};

describe("a mirror that answers every request of eight sessions with a flood without end", () => {
  let database: TestDatabase;
  let mirror: Worker;
  let pgsoak: PgsoakProcess;
  let sent = 0;

  beforeAll(async () => {
    database = await createDatabase("hostile_flood");
    const target = { host: database.mirror.host, port: database.mirror.port };
    mirror = new Worker(new URL("hostile-flood-worker.ts", import.meta.url), { workerData: target });
    const [port] = await once(mirror, "message");
    pgsoak = await startPgsoakProcess({
      tables: mirrorTables(database.primary, { host: "127.0.0.1", port }, { timeout_ms: TIMEOUT_MS }),
    });
  });

  afterAll(async () => {
    await pgsoak[Symbol.asyncDispose]();
    await mirror.terminate();
    await database[Symbol.asyncDispose]();
  });

  /** `null` makes the mirror sane again. */
  const pour = async (bytes: Buffer | null): Promise<void> => {
    const done = once(mirror, "message");
    mirror.postMessage(bytes);
    await done;
  };

  const ask = async (requests: number): Promise<LoadReport> => {
    const load = new SteadyLoad(
      { ...pgsoak.proxy, database: database.name },
      { sessions: SESSIONS, pauseMs: 5, ask: (client) => client.query("SELECT 'asked'") },
    );
    await waitFor(() => load.requests >= requests, { timeoutMs: 30_000, message: `${requests} answers` });
    const report = await load.stop();
    sent += load.requests;
    return report;
  };

  const isMirroring = async (): Promise<boolean> => {
    const before = (await readStatsOf(pgsoak)).total.requests_mirrored;
    await ask(SESSIONS);
    return (await readStatsOf(pgsoak)).total.requests_mirrored > before;
  };

  const isFlooded = async (): Promise<boolean> => {
    const before = (await readStatsOf(pgsoak)).total.errors_timeout;
    await ask(SESSIONS);
    return (await readStatsOf(pgsoak)).total.errors_timeout > before;
  };

  /** Bytes of memory that the process has. */
  const residentBytes = (): number => {
    const pages = readFileSync(`/proc/${pgsoak.pid}/statm`, "utf8").split(" ")[1];
    return Number(pages) * 4096;
  };

  test.each(Object.keys(floods))(
    "of %s: clients wait no longer, memory does not grow, and it is mirrored to when it is sane again",
    async (name) => {
      await pour(null);
      await waitFor(isMirroring, { timeoutMs: 20_000, message: "it mirrors" });
      const healthy = await ask(REQUESTS);
      const residentBefore = residentBytes();
      await pour(floods[name]!);
      await waitFor(isFlooded, { timeoutMs: 20_000, message: "it floods" });
      // A busy machine makes one measurement bad; a proxy that is starved makes all of them bad.
      const bound = Math.max(25, 3 * healthy.p99Ms);
      const waits: number[] = [];
      do {
        const flooded = await ask(REQUESTS);
        expect(flooded.errors).toEqual([]);
        waits.push(flooded.p99Ms);
      } while (waits.at(-1)! > bound && waits.length < ATTEMPTS);
      expect(waits.at(-1)).toBeLessThanOrEqual(bound);
      expect(residentBytes() - residentBefore).toBeLessThan(100 * MEGABYTE);
      await pour(null);
      await waitFor(isMirroring, { timeoutMs: 20_000, message: "it mirrors again" });
      const { total } = await settledStats(pgsoak, sent);
      expect(total.requests_mirrored + total.requests_errored + total.requests_dropped).toBe(sent);
      expect(total.errors_query).toBe(0);
    },
    60_000,
  );
});
