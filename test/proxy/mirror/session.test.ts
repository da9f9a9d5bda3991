import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, describe as describeMessage, execute, flush, parse, query, sync } from "../../helpers/messages.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("mirror_session");
  await database.onBoth("CREATE TABLE item (id int PRIMARY KEY, name text)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const startMirrored = (mirroring = {}) =>
  startInlineProxy(mirrorTables(database.primary, database.mirror, { ...mirroring }));

async function connect(proxy: { host: string; port: number }): Promise<Client & AsyncDisposable> {
  const client = new Client({ host: proxy.host, port: proxy.port, user: "postgres", database: database.name });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const ask = (sql: string): Buffer[] => [parse("", sql), bind("", ""), execute("")];

describe("MirrorSession", () => {
  test("a request that succeeds on both sides is mirrored as a match, with the latencies of both", async () => {
    await using proxy = await startMirrored();
    await using client = await connect(proxy);
    await client.query("INSERT INTO item VALUES (1, 'one'), (2, 'two')");
    await client.query("SELECT * FROM item");
    const [insert, select] = await proxy.outcomes(2);
    expect(insert).toMatchObject({ kind: "mirrored", parity: "match", rows: 2, root: null });
    expect(select).toMatchObject({ kind: "mirrored", parity: "match", rows: 2 });
    if (insert?.kind !== "mirrored") throw new Error("not mirrored");
    expect(insert.mirrorUs).toBeGreaterThan(0);
    expect(insert.primaryUs).toBeGreaterThan(0);
    expect(proxy.statementText(insert.statement)).toBe("insert into item values (?, ?), (?, ?)");
    expect(await database.onMirror("SELECT count(*)::int AS n FROM item")).toEqual([{ n: 2 }]);
  });

  test("a failure that both sides share is mirrored, one of the mirror alone is errored with its cause", async () => {
    await database.onPrimary("CREATE TABLE here_only (id int)");
    await using proxy = await startMirrored();
    await using client = await connect(proxy);
    await expect(client.query("SELECT 1/0")).rejects.toThrow("division by zero");
    await client.query("SELECT * FROM here_only");
    const [shared, alone] = await proxy.outcomes(2);
    expect(shared).toMatchObject({ kind: "mirrored", parity: "both_failed" });
    expect(alone).toMatchObject({
      kind: "errored",
      category: "query",
      attribution: "compatibility",
      sqlstate: "42P01",
    });
  });

  test("extended queries with named and unnamed statements, portals and Flush are one request up to Sync", async () => {
    await using proxy = await startMirrored();
    await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await raw.exchange(parse("s1", "SELECT $1::int"), describeMessage("S", "s1"), sync());
    await raw.exchange(bind("", "s1", ["7"]), execute(""), sync());
    raw.send(parse("", "SELECT generate_series(1, 5)"), bind("p", ""), execute("p", 2), flush());
    await raw.until("s");
    await raw.exchange(execute("p", 2), execute("p"), sync());
    await raw.exchange(sync());
    const outcomes = await proxy.outcomes(4);
    expect(outcomes).toHaveLength(4);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "mirrored", parity: "match" });
  });

  test("a pipeline of several Syncs is as many requests, and an error in it skips to the next Sync on both sides", async () => {
    await using proxy = await startMirrored();
    await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
    raw.send(...ask("SELECT 1"), ...ask("SELECT 1/0"), ...ask("SELECT 2"), sync(), ...ask("SELECT 3"), sync());
    await raw.until("Z");
    await raw.until("Z");
    const outcomes = await proxy.outcomes(2);
    expect(outcomes.map((outcome) => outcome.kind === "mirrored" && outcome.parity)).toEqual(["both_failed", "match"]);
  });

  test("what a transaction does after the sides differ is tied to its root and counted once with it", async () => {
    await using proxy = await startMirrored();
    await using client = await connect(proxy);
    await database.onPrimary("CREATE TABLE IF NOT EXISTS here_too (id int)");
    await client.query("BEGIN");
    await client.query("SELECT * FROM here_too");
    await client.query("SELECT 1");
    await client.query("COMMIT");
    await client.query("SELECT 1");
    const [begin, root, after, commit, next] = await proxy.outcomes(5);
    expect(begin).toMatchObject({ kind: "mirrored", parity: "match", root: null });
    expect(root).toMatchObject({ kind: "errored", attribution: "compatibility", root: null });
    expect(after).toMatchObject({ kind: "errored", attribution: "cascade", sqlstate: "25P02", root: root!.request });
    expect(commit).toMatchObject({ kind: "mirrored", parity: "unverifiable", root: root!.request });
    expect(next).toMatchObject({ kind: "mirrored", parity: "match", root: null });
  });

  test("different row counts are a divergence", async () => {
    await database.onBoth("CREATE TABLE uneven (id int)");
    await database.onPrimary("INSERT INTO uneven VALUES (1)");
    await using proxy = await startMirrored();
    await using client = await connect(proxy);
    await client.query("SELECT * FROM uneven");
    expect(await proxy.outcomes(1)).toMatchObject([{ kind: "mirrored", parity: "different_rows" }]);
  });

  test("a full queue drops the whole transaction and counts it; the next one is mirrored", async () => {
    await using proxy = await startMirrored({ queue_length: 3 });
    await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await database.onMirror("CREATE TABLE slow (id int)");
    await database.onPrimary("CREATE TABLE slow (id int)");
    await database.onBoth("CREATE FUNCTION wait_here() RETURNS void LANGUAGE sql AS 'SELECT'");
    await database.onMirror(
      "CREATE OR REPLACE FUNCTION wait_here() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(0.5)'",
    );
    await raw.exchange(query("SELECT wait_here()"));
    await raw.exchange(query("BEGIN"));
    for (let n = 0; n < 5; n++) await raw.exchange(query("INSERT INTO slow VALUES (1)"));
    await raw.exchange(query("COMMIT"));
    await proxy.outcomes(8);
    await raw.exchange(query("SELECT 1"));
    const outcomes = await proxy.outcomes(9);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(["mirrored", ...Array(7).fill("dropped"), "mirrored"]);
    expect(await database.onMirror("SELECT count(*)::int AS n FROM slow")).toEqual([{ n: 0 }]);
    expect(await proxy.tally(9)).toEqual({ seen: 9, skipped: {} });
  });

  test("what a client left queued when it went away still runs", async () => {
    await using proxy = await startMirrored();
    await database.onBoth("CREATE TABLE left_behind (id int)");
    const raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await raw.exchange(query("SELECT pg_sleep(0.2)"));
    for (let n = 0; n < 10; n++) await raw.exchange(query("INSERT INTO left_behind VALUES (1)"));
    await raw[Symbol.asyncDispose]();
    const outcomes = await proxy.outcomes(11);
    for (const outcome of outcomes) expect(outcome.kind).toBe("mirrored");
    expect(await database.onMirror("SELECT count(*)::int AS n FROM left_behind")).toEqual([{ n: 10 }]);
  });

  test("a mirror that has answered while pgsoak itself stood still is not late", async () => {
    await using proxy = await startMirrored({ timeout_ms: 100 });
    await using raw = await RawClient.login(proxy, { user: "postgres", database: database.name });
    await database.onPrimary("CREATE FUNCTION tarry() RETURNS void LANGUAGE sql AS 'SELECT'");
    await database.onMirror("CREATE FUNCTION tarry() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(0.05)'");
    await raw.exchange(query("SELECT 1"));
    await proxy.outcomes(1);
    await raw.exchange(query("SELECT tarry()"));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    expect((await proxy.outcomes(2)).map(({ kind }) => kind)).toEqual(["mirrored", "mirrored"]);
  });

  test("a request over its time is cancelled on the mirror and ends as timeout; the session goes on", async () => {
    await using proxy = await startMirrored({ timeout_ms: 200 });
    await database.onPrimary("CREATE FUNCTION stuck() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await database.onMirror(
      "CREATE FUNCTION stuck() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM (SELECT pg_sleep(60)) AS x'",
    );
    await using client = await connect(proxy);
    await client.query("SELECT stuck()");
    await client.query("SELECT 1");
    const [timeout, next] = await proxy.outcomes(2);
    expect(timeout).toMatchObject({ kind: "errored", category: "timeout", attribution: "timeout" });
    expect(next).toMatchObject({ kind: "mirrored", parity: "match" });
  });
});
