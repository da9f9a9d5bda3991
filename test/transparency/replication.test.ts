// Logical replication passes: a slot read through pgsoak gives the same bytes as read directly, and a subscriber that
// connects through pgsoak gets its rows.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { createDatabase, type TestDatabase, withClient } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { waitFor } from "../helpers/wait-for.ts";
import type { Target } from "./conditions.ts";
import { hasPrograms, run, to } from "./programs.ts";

let server: PostgresServer;
let database: TestDatabase;
let proxy: InlineProxy;

beforeAll(async () => {
  server = await startPostgres({ major: 16, settings: { wal_level: "logical", synchronous_commit: "on" } });
  database = await createDatabase("replicated");
  proxy = await startInlineProxy(mirrorTables(server, database.mirror));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await server.stop();
});

/** Runs SQL on the publishing server and gives the last result's first row. */
const publish = (sql: string): Promise<Record<string, unknown>> =>
  withClient({ connectionString: server.url() }, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows[0] ?? {};
  });

describe.runIf(hasPrograms("pg_recvlogical"))("pg_recvlogical", () => {
  test("reads the same changes through pgsoak as directly", async () => {
    await publish("CREATE TABLE changed (id int PRIMARY KEY, name text)");
    for (const slot of ["direct", "through"]) {
      await publish(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
    }
    await publish("INSERT INTO changed SELECT n, repeat('x', 300) FROM generate_series(1, 20000) AS n");
    await publish("UPDATE changed SET name = 'naïve' WHERE id < 100");
    const { end } = await publish("SELECT pg_current_wal_insert_lsn() AS end");
    const receive = async (target: Target, slot: string): Promise<string> => {
      const options = [
        "--slot",
        slot,
        "--start",
        "--endpos",
        String(end),
        "-o",
        "skip-empty-xacts=1",
        "-f",
        "-",
        "--no-loop",
      ];
      const { code, stdout, stderr } = await run("pg_recvlogical", [...to(target, "postgres"), ...options]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return `${stdout.length} ${createHash("sha256").update(stdout).digest("hex")}`;
    };
    const direct = await receive(server, "direct");
    expect(Number(direct.split(" ")[0])).toBeGreaterThan(6_000_000);
    expect(await receive(proxy, "through")).toBe(direct);
    expect((await proxy.tally(1)).skipped["replication"]).toBeGreaterThan(0);
    expect(await proxy.eventsOf("queued")).toEqual([]);
  });
});

test("a subscription through pgsoak copies the table and follows it", async () => {
  await publish("CREATE TABLE followed (id int PRIMARY KEY)");
  await publish("INSERT INTO followed SELECT generate_series(1, 1000)");
  await publish("CREATE PUBLICATION news FOR TABLE followed");
  await database.onMirror("CREATE TABLE followed (id int PRIMARY KEY)");
  const connection = `host=${proxy.host} port=${proxy.port} user=postgres dbname=postgres`;
  await database.onMirror(`CREATE SUBSCRIPTION ${database.name} CONNECTION '${connection}' PUBLICATION news`);
  try {
    const count = async (): Promise<unknown> =>
      (await database.onMirror("SELECT count(*)::int AS n FROM followed"))[0]!["n"];
    await waitFor(async () => (await count()) === 1000, { timeoutMs: 20_000, message: "the table is copied" });
    await publish("INSERT INTO followed VALUES (1001)");
    await waitFor(async () => (await count()) === 1001, { timeoutMs: 20_000, message: "the insert has followed" });
  } finally {
    await database.onMirror(`DROP SUBSCRIPTION ${database.name}`);
  }
});
