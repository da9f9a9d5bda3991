import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf, settledStats } from "../helpers/stats-client.ts";
import { type LoadReport, SteadyLoad } from "../helpers/steady-load.ts";
import { waitFor } from "../helpers/wait-for.ts";

const LOAD = { sessions: 8, pauseMs: 5 };
/** The same at the same time without pgsoak: what the machine's noise makes of it. */
const CONTROL = { sessions: 2, pauseMs: 5 };
/** Short, so that a hung mirror is found out about in test time. */
const TIMEOUT_MS = 400;

/** The promise to clients: no error, and no answer slower than in good times but for what the machine's noise makes. */
function expectUnharmed(report: LoadReport, healthy: LoadReport, control: LoadReport): void {
  expect(report.errors).toEqual([]);
  expect(report.requests).toBeGreaterThan(0);
  expect(report.p99Ms).toBeLessThanOrEqual(Math.max(25, 3 * healthy.p99Ms, 3 * control.p99Ms));
}

describe("a mirror that breaks in full load", () => {
  let database: TestDatabase;
  let mirror: PostgresServer;
  let pgsoak: PgsoakProcess;
  let load: SteadyLoad;
  let control: SteadyLoad;
  let healthy: LoadReport;
  let sent = 0;

  const mirrored = async (): Promise<number> => (await readStatsOf(pgsoak)).total.requests_mirrored;
  /** The mirror takes requests again. */
  const recovered = async (): Promise<void> => {
    const before = await mirrored();
    await waitFor(async () => (await mirrored()) > before + 20, { timeoutMs: 30_000, message: "mirrors again" });
  };
  const asked = (requests: number): Promise<unknown> => {
    const until = load.requests + requests;
    return waitFor(() => load.requests >= until, { timeoutMs: 30_000, message: `${requests} more requests` });
  };

  beforeAll(async () => {
    database = await createDatabase("mirror_faults");
    mirror = await startPostgres({ major: 18 });
    const tables = mirrorTables(database.primary, mirror, { timeout_ms: TIMEOUT_MS });
    pgsoak = await startPgsoakProcess({
      tables: { ...tables, databases: tables.databases!.map((entry) => ({ ...entry, database_name: "postgres" })) },
    });
  }, 60_000);

  beforeEach(async () => {
    load = new SteadyLoad({ ...pgsoak.proxy, database: "postgres" }, LOAD);
    control = new SteadyLoad({ ...database.primary, database: "postgres" }, CONTROL);
    await asked(500);
    healthy = load.report();
    control.report();
    expect(healthy.errors).toEqual([]);
  });

  afterEach(() => control.stop());

  afterAll(async () => {
    await load.stop();
    await pgsoak[Symbol.asyncDispose]();
    await mirror.stop();
    await database[Symbol.asyncDispose]();
  });

  /** Every request has one outcome, and none failed for a reason that the fault does not explain. */
  const settle = async (before: { errors_query: number }) => {
    expect((await load.stop()).errors).toEqual([]);
    sent += load.requests;
    const { total } = await settledStats(pgsoak, sent);
    expect(total.requests_mirrored + total.requests_errored + total.requests_dropped).toBe(sent);
    expect(total.errors_query).toBe(before.errors_query);
    return total;
  };

  test("killed and started again: clients feel nothing, the gap is `connection`, it mirrors again by itself", async () => {
    const before = (await readStatsOf(pgsoak)).total;
    await mirror.kill();
    await asked(500);
    expectUnharmed(load.report(), healthy, control.report());
    await mirror.restart();
    await recovered();
    expectUnharmed(load.report(), healthy, control.report());
    const after = await settle(before);
    expect(after.errors_connection).toBeGreaterThan(before.errors_connection);
    expect(after.errors_timeout).toBe(before.errors_timeout);
  }, 60_000);

  test("stopped while the kernel still accepts: `timeout`, then `connection`, and it mirrors again when it goes on", async () => {
    const before = (await readStatsOf(pgsoak)).total;
    mirror.suspend();
    await asked(500);
    await waitFor(async () => (await readStatsOf(pgsoak)).total.errors_connection > before.errors_connection, {
      timeoutMs: 30_000,
      message: "logins fail",
    });
    expectUnharmed(load.report(), healthy, control.report());
    mirror.resume();
    await recovered();
    expectUnharmed(load.report(), healthy, control.report());
    const after = await settle(before);
    expect(after.errors_timeout).toBeGreaterThan(before.errors_timeout);
  }, 60_000);
});

describe("a mirror that cannot be reached as it should be", () => {
  let database: TestDatabase;
  let network: BreakableProxy;

  beforeAll(async () => {
    database = await createDatabase("mirror_unreachable");
    network = await BreakableProxy.to(database.mirror);
  });

  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test.each(["refuse", "close", "silent"] as const)(
    "%s from the start: every request is a `connection` error, one attempt at a time, and it mirrors when it can",
    async (welcome) => {
      await network.welcome(welcome);
      network.accepted = 0;
      await using pgsoak = await startPgsoakProcess({
        tables: mirrorTables(database.primary, network, { timeout_ms: TIMEOUT_MS }),
      });
      await using load = new SteadyLoad({ ...pgsoak.proxy, database: database.name }, LOAD);
      const beganMs = performance.now();
      await waitFor(async () => (await readStatsOf(pgsoak)).total.errors_connection >= 200, { timeoutMs: 20_000 });
      const elapsedS = (performance.now() - beganMs) / 1000;
      // Backing off from 0.125 to 10 s: five attempts in the first second at the most, two a second later.
      expect(network.accepted).toBeLessThanOrEqual(5 + 2 * elapsedS);
      expect(load.report().errors).toEqual([]);

      await network.welcome("relay");
      await waitFor(async () => (await readStatsOf(pgsoak)).total.requests_mirrored >= 100, { timeoutMs: 20_000 });
      expect((await load.stop()).errors).toEqual([]);
      const { total } = await settledStats(pgsoak, load.requests);
      expect(total.requests_mirrored + total.errors_connection + total.requests_dropped).toBe(load.requests);
      expect(total.errors_query + total.errors_timeout).toBe(0);
    },
    60_000,
  );
});
