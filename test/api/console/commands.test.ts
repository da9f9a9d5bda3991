// Every command against a real service, by the clients that people use.

import { Client } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../../src/api/console/commands.ts";
import { openReader } from "../../../src/events/log-reader.ts";
import { createDatabase, type TestDatabase, withClient } from "../../helpers/clusters.ts";
import { type ConfigTables, mirrorTables } from "../../helpers/config-text.ts";
import { type RunningPgsoak, startPgsoak } from "../../helpers/start-pgsoak.ts";
import { readStatsOf, settledStats } from "../../helpers/stats-client.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { hasPrograms, run } from "../../transparency/programs.ts";

const PASSWORD = "ein Geheimnis ø:@/%\"'";

let database: TestDatabase;
let shared: RunningPgsoak;

beforeAll(async () => {
  database = await createDatabase("console");
  shared = await start({ api: { token: "the-token-of-the-API" } });
});

afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const start = (more: ConfigTables = {}) => startPgsoak({ ...mirrorTables(database.primary, database.mirror), ...more });

interface Console extends AsyncDisposable {
  ask(sql: string): Promise<Record<string, unknown>[]>;
}

async function connect(pgsoak: RunningPgsoak, user = "alice", password = ""): Promise<Console> {
  const client = new Client({ ...pgsoak.admin, user, password, database: "pgsoak" });
  client.on("error", () => {});
  await client.connect();
  return {
    ask: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function select(pgsoak: RunningPgsoak, times: number): Promise<void> {
  await withClient({ ...pgsoak.proxy, user: "postgres", database: database.name }, async (client) => {
    for (let n = 0; n < times; n++) await client.query("SELECT 1");
  });
}

async function eventsOf(pgsoak: RunningPgsoak, kind: string): Promise<unknown[]> {
  using reader = openReader(pgsoak.logFile);
  return (await reader.readEvents({ after: 0, limit: 10_000 })).filter((event) => event.kind === kind);
}

const failure = (error: unknown): string => {
  const { code, message } = error as { code?: string; message: string };
  return `${code} ${message}`;
};

describe("a command that shows", () => {
  test("MIRROR_STATS and MIRRORS: what /stats says, in any spelling", async () => {
    await using pgsoak = await start();
    await select(pgsoak, 3);
    const stats = await settledStats(pgsoak, 3);
    await using console = await connect(pgsoak);
    const rows = await console.ask("show  mirror_STATS ; -- of today");
    expect(rows).toHaveLength(2);
    expect(rows.at(-1)).toMatchObject({ mirroring: "total", database: "*", requests_total: "3", parity_match: "3" });
    expect(rows[0]).toMatchObject({ mirroring: "candidate", database: database.name, requests_mirrored: "3" });
    expect(rows[0]?.["last_success"]).toBe(stats.total.last_success);
    const [mirror] = await console.ask("SHOW MIRRORS");
    expect(Object.keys(mirror!).slice(0, 7)).toEqual([
      "database",
      "user",
      "total_count",
      "mirrored_count",
      "dropped_count",
      "error_count",
      "queue_length",
    ]);
    expect(mirror).toMatchObject({
      total_count: "3",
      user: "postgres",
      state: "observing",
      exposure: 1,
      healthy: "yes",
    });
  });

  test("HISTORY and STATEMENTS: what happened in a window", async () => {
    await using pgsoak = await start();
    await select(pgsoak, 3);
    await settledStats(pgsoak, 3);
    await using console = await connect(pgsoak);
    const points = await console.ask("SHOW MIRROR HISTORY WINDOW '1h' STEP '1m'");
    const sum = (name: string): number => points.reduce((total, point) => total + Number(point[name]), 0);
    expect([sum("requests_total"), sum("requests_mirrored")]).toEqual([3, 3]);
    expect(points[0]).toMatchObject({ mirroring: "candidate", database: database.name, success_rate: 1 });
    expect(points[0]?.["mirror_p95_ms"]).toBeGreaterThan(0);
    expect(await console.ask("SHOW MIRROR HISTORY")).not.toEqual([]);
    const statements = await console.ask("SHOW MIRROR STATEMENTS WINDOW 'all'");
    expect(statements).toMatchObject([{ calls: "3", errors: "0", divergences: "0", statement: "select ?" }]);
  });

  test("CLIENTS: who is connected to the proxy, on any thread", async () => {
    await using pgsoak = await start({ general: { threads: 2 } });
    await using console = await connect(pgsoak);
    expect(await console.ask("SHOW CLIENTS")).toEqual([]);
    const target = { ...pgsoak.proxy, user: "postgres", database: database.name, application_name: "soak test" };
    await withClient(target, async (client) => {
      await client.query("BEGIN");
      const [row, ...others] = await console.ask("SHOW CLIENTS");
      expect(others).toEqual([]);
      expect(row).toMatchObject({ database: database.name, user: "postgres", application_name: "soak test" });
      expect(row).toMatchObject({ state: "transaction", requests: "0" });
      expect(row?.["address"]).toMatch(/^127\.0\.0\.1:\d+$/);
    });
  });

  test("CONFIG: every setting in force, no secret", async () => {
    await using console = await connect(shared);
    const rows = await console.ask("SHOW CONFIG");
    const values = new Map(rows.map(({ name, value }) => [name, value]));
    expect(values.get("general.mirror_exposure")).toBe("1");
    expect(values.get("api.token")).toBe("********");
    expect(JSON.stringify(rows)).not.toContain("the-token-of-the-API");
  });

  test("VERSION and HELP", async () => {
    await using console = await connect(shared);
    expect(await console.ask("SHOW VERSION")).toEqual([{ version: expect.stringMatching(/^pgsoak \d/) }]);
    const help = await console.ask("SHOW HELP");
    expect(help.map(({ command }) => command)).toEqual(COMMANDS.map(({ syntax }) => syntax));
  });

  test("MIRROR READINESS: the report, a line in each row", async () => {
    await using console = await connect(shared);
    const rows = await console.ask("SHOW MIRROR READINESS WINDOW '7d'");
    const lines = rows.map(({ readiness }) => String(readiness));
    expect(lines[0]).toBe("=== Mirror Migration Readiness Report ===");
    expect(lines).toContain("Status: INCONCLUSIVE");
    expect(lines.find((line) => line.startsWith("Total Requests: "))).toBeDefined();
  });

  test("a window that is none is refused", async () => {
    await using console = await connect(shared);
    await expect(console.ask("SHOW MIRROR READINESS WINDOW '7 days'").catch(failure)).resolves.toMatch(
      /^22023 WINDOW: expected/,
    );
    await expect(console.ask("SHOW MIRROR HISTORY WINDOW 7").catch(failure)).resolves.toMatch(/^42601 /);
  });
});

describe("a command that changes something", () => {
  test("RESET and MARK are events that name who asked", async () => {
    await using pgsoak = await start();
    await select(pgsoak, 2);
    await settledStats(pgsoak, 2);
    await using console = await connect(pgsoak, "bob");
    await console.ask("RESET MIRROR_STATS");
    expect((await readStatsOf(pgsoak)).total.requests_total).toBe(0);
    await console.ask("MARK 'it''s the vacuum'");
    expect(await eventsOf(pgsoak, "counters_reset")).toMatchObject([{ who: "bob (console)" }]);
    expect(await eventsOf(pgsoak, "marked")).toMatchObject([{ text: "it's the vacuum", who: "bob (console)" }]);
    await expect(console.ask("MARK 'two\nlines'").catch(failure)).resolves.toMatch(/^22023 this text can't be a note/);
    expect(pgsoak.log().join("")).not.toContain("vacuum");
  });

  test("PAUSE and RESUME act in every thread at once, and the books stay closed", async () => {
    await using pgsoak = await start({ general: { threads: 2 } });
    await using console = await connect(pgsoak);
    await select(pgsoak, 2);
    await settledStats(pgsoak, 2);
    expect(await console.ask("PAUSE MIRROR")).toEqual([{ mirroring: "candidate", state: "paused" }]);
    await Promise.all([select(pgsoak, 3), select(pgsoak, 3), select(pgsoak, 3)]);
    expect(await console.ask("SHOW MIRRORS")).toMatchObject([{ state: "paused" }]);
    expect(await console.ask('RESUME MIRROR "candidate"')).toEqual([{ mirroring: "candidate", state: "observing" }]);
    await console.ask("RESUME MIRROR candidate");
    await select(pgsoak, 1);
    const { total } = await settledStats(pgsoak, 12);
    expect(total).toMatchObject({ requests_mirrored: 3, requests_skipped: 9, skipped: { paused: 9 } });
    await waitFor(async () => (await eventsOf(pgsoak, "observation_changed")).length === 3);
    expect(await eventsOf(pgsoak, "observation_changed")).toMatchObject([
      { state: "observing" },
      { state: "paused", cause: "by alice (console)" },
      { state: "resumed" },
    ]);
    await expect(console.ask("PAUSE MIRROR nobody").catch(failure)).resolves.toBe(
      '42704 no mirroring has the name "nobody"',
    );
  });

  test("SET holds at once and until the next reload", async () => {
    await using pgsoak = await start();
    await using console = await connect(pgsoak);
    await console.ask("SET mirror_exposure = 0");
    await select(pgsoak, 4);
    await console.ask("set MIRROR_EXPOSURE to '1.0'");
    await select(pgsoak, 1);
    const { total } = await settledStats(pgsoak, 5);
    expect(total).toMatchObject({ requests_mirrored: 1, skipped: { exposure: 4 } });
    await console.ask("SET mirror_queue_bytes = 32 MiB");
    const config = await console.ask("SHOW CONFIG");
    expect(config).toContainEqual({ name: "general.mirror_queue_bytes", value: "32 MiB" });
    await expect(console.ask("SET mirror_exposure = 2").catch(failure)).resolves.toBe(
      "22023 mirror_exposure: expected a number from 0 to 1",
    );
    await expect(console.ask("SET mirror_level = 'reads'").catch(failure)).resolves.toMatch(/^42704 /);
    await expect(console.ask("SET miror_exposure = 0.5").catch(failure)).resolves.toMatch(/^42704 unrecognized/);
    await waitFor(async () => (await eventsOf(pgsoak, "marked")).length === 3);
    expect(await eventsOf(pgsoak, "marked")).toMatchObject([
      { text: "general.mirror_exposure: 1 -> 0" },
      { text: "general.mirror_exposure: 0 -> 1" },
      { text: 'general.mirror_queue_bytes: "64 MiB" -> "32 MiB"' },
    ]);
  });

  test("RELOAD of what came from no file changes nothing and says why", async () => {
    await using console = await connect(shared);
    await expect(console.ask("RELOAD").catch(failure)).resolves.toBe(
      "F0000 the configuration can't be reloaded, nothing has changed",
    );
  });

  test("SHUTDOWN is answered, and then stops the service in order", async () => {
    await using pgsoak = await start();
    const console = await connect(pgsoak);
    await console.ask("SHUTDOWN");
    await pgsoak.service.stopped;
    expect((await eventsOf(pgsoak, "run_stopped")).length).toBe(1);
  });
});

describe("client libraries", () => {
  test("anything else is a syntax error with a hint", async () => {
    await using console = await connect(shared);
    for (const sql of [
      "SELECT * FROM pg_class",
      "DROP TABLE x",
      "SHOW MIRORS x",
      "SHOW MIRRORS now",
      "'SHOW MIRRORS'",
      "x'",
    ]) {
      const { code, hint } = (await console.ask(sql).catch((error: unknown) => error)) as {
        code: string;
        hint: string;
      };
      expect([sql, code, hint]).toEqual([sql, "42601", expect.stringMatching(/\w/)]);
    }
  });

  test("what they send by themselves is answered", async () => {
    await using console = await connect(shared, "carol");
    expect(await console.ask("SELECT 1")).toEqual([{ "?column?": "1" }]);
    expect(await console.ask("SELECT version() AS v, current_database(), 'x'")).toEqual([
      { v: expect.stringMatching(/^PostgreSQL 16/), current_database: "pgsoak", "?column?": "x" },
    ]);
    expect(await console.ask("SHOW server_version")).toEqual([{ server_version: expect.stringContaining("pgsoak") }]);
    for (const sql of [
      "SET extra_float_digits = 3",
      "SET SESSION statement_timeout TO '5s'",
      "SET TIME ZONE 'UTC'",
      "",
    ]) {
      expect(await console.ask(sql)).toEqual([]);
    }
    await console.ask("SET application_name = 'me'");
    expect(await console.ask("SHOW application_name")).toEqual([{ application_name: "me" }]);
    expect(await console.ask("SELECT oid, typname FROM pg_catalog.pg_type")).toEqual([]);
  });

  test("a transaction that fails refuses until it is rolled back", async () => {
    await using console = await connect(shared);
    await console.ask("BEGIN ISOLATION LEVEL SERIALIZABLE");
    await console.ask("nonsense").catch(() => {});
    await expect(console.ask("SHOW VERSION").catch(failure)).resolves.toMatch(/^25P02 /);
    await console.ask("COMMIT");
    expect(await console.ask("SHOW VERSION")).toHaveLength(1);
  });

  test("postgres.js asks with prepared statements, and of types that it wants to know", async () => {
    await using pgsoak = await start({ admin: { password: PASSWORD } });
    const sql = postgres({ ...pgsoak.admin, user: "dave", password: PASSWORD, database: "pgsoak", max: 1 });
    expect([...(await sql`SHOW VERSION`)]).toHaveLength(1);
    expect([...(await sql`SHOW MIRRORS`)]).toMatchObject([{ mirroring: "candidate" }]);
    expect([...(await sql`SHOW MIRRORS`)]).toMatchObject([{ mirroring: "candidate" }]);
    await expect(sql`SHOW NOTHING AT ALL`.catch(failure)).resolves.toMatch(/^42601 /);
    expect([...(await sql`SELECT 1 AS one`)]).toEqual([{ one: "1" }]);
    await sql.end();
  });

  test("a password is asked for where one is set, and a wrong one is refused without a trace of it", async () => {
    await using pgsoak = await start({ admin: { password: PASSWORD } });
    await using console = await connect(pgsoak, "erin", PASSWORD);
    expect(await console.ask("SHOW VERSION")).toHaveLength(1);
    await expect(connect(pgsoak, "erin", "wrong-guess-of-mine").catch(failure)).resolves.toBe(
      '28P01 password authentication failed for user "erin"',
    );
    expect(pgsoak.log().join("")).toContain("a login to the admin console was refused");
    expect(pgsoak.log().join("")).not.toContain("wrong-guess-of-mine");
    expect(JSON.stringify(await console.ask("SHOW CONFIG"))).not.toContain("Geheimnis");
  });
});

describe.runIf(hasPrograms("psql"))("psql", () => {
  const psql = (...args: readonly string[]) => {
    const { host, port } = shared.admin;
    return run("psql", ["-X", "-h", host, "-p", String(port), "-U", "frank", "-d", "pgsoak", ...args], "");
  };

  test("prints tables and ends 0", async () => {
    const { code, stdout, stderr } = await psql("-c", "SHOW MIRRORS;", "-c", "SHOW VERSION");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("candidate");
    expect(stdout).toMatch(/version\s+-+\s+pgsoak \d/);
  });

  test("prints errors with their hint and ends 1", async () => {
    const { code, stderr } = await psql("-c", "SHOW ME");
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR: .*\nHINT: {2}SHOW HELP lists the commands/);
  });
});
