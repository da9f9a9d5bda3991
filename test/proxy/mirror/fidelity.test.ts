import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, close, copyData, copyDone, execute, parse, query, sync } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("fidelity");
  await database.onBoth("CREATE TABLE item (id int PRIMARY KEY, name text)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const startMirrored = (mirroring = {}, mirror: { host: string; port: number } = database.mirror) =>
  startInlineProxy(mirrorTables(database.primary, mirror, mirroring));
const login = (proxy: { host: string; port: number }, parameters = {}) =>
  RawClient.login(proxy, { user: "postgres", database: database.name, ...parameters });
const kinds = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map((outcome) =>
    outcome.kind === "mirrored"
      ? outcome.parity
      : outcome.kind === "errored"
        ? outcome.sqlstate || outcome.category
        : outcome.reason,
  );

describe("a mirror connection that was renewed between transactions", () => {
  test("knows the prepared statements, the settings and the LISTENs of the session again", async () => {
    await using network = await BreakableProxy.to(database.mirror);
    await using proxy = await startMirrored({}, network);
    await using raw = await login(proxy);
    await raw.exchange(parse("s1", "SELECT current_setting('work_mem'), $1::int"), sync());
    await raw.exchange(query("SET search_path = pg_catalog, public"));
    await raw.exchange(query("SET work_mem = '5MB'"));
    await raw.exchange(query("PREPARE p2 AS SELECT 2"));
    await proxy.outcomes(4);
    network.cut();
    await waitFor(() => network.open === 0);
    await raw.exchange(bind("", "s1", ["1"]), execute(""), sync());
    await raw.exchange(query("EXECUTE p2"));
    await raw.exchange(query("SELECT 1 / (current_setting('work_mem') = '5MB')::int"));
    expect(kinds(await proxy.outcomes(7))).toEqual(Array(7).fill("match"));
  });

  test("a SET that was rolled back is not restored", async () => {
    await using network = await BreakableProxy.to(database.mirror);
    await using proxy = await startMirrored({}, network);
    await using raw = await login(proxy);
    await raw.exchange(query("SET work_mem = '5MB'"));
    await raw.exchange(query("BEGIN"));
    await raw.exchange(query("SET work_mem = '6MB'"));
    await raw.exchange(query("ROLLBACK"));
    await proxy.outcomes(4);
    network.cut();
    await waitFor(() => network.open === 0);
    await raw.exchange(query("SELECT 1 / (current_setting('work_mem') = '5MB')::int"));
    expect(kinds(await proxy.outcomes(5))).toEqual(Array(5).fill("match"));
  });

  test("a transaction that was cut is `connection` once and its rest a cascade; nothing of it runs on the new one", async () => {
    await database.onBoth("CREATE TABLE cut_here (id int)");
    await using network = await BreakableProxy.to(database.mirror);
    await using proxy = await startMirrored({}, network);
    await using raw = await login(proxy);
    await raw.exchange(query("BEGIN"));
    await raw.exchange(query("INSERT INTO cut_here VALUES (1)"));
    await proxy.outcomes(2);
    network.cut();
    await waitFor(() => network.open === 0);
    await raw.exchange(query("INSERT INTO cut_here VALUES (2)"));
    await raw.exchange(query("COMMIT"));
    await raw.exchange(query("INSERT INTO cut_here VALUES (3)"));
    const outcomes = await proxy.outcomes(5);
    expect(kinds(outcomes)).toEqual(["match", "match", "connection", "connection", "match"]);
    const [, , lost, rest] = outcomes;
    expect(lost).toMatchObject({ kind: "errored", attribution: "plumbing", root: null });
    expect(rest).toMatchObject({ kind: "errored", attribution: "cascade", root: lost!.request });
    expect(await database.onMirror("SELECT id FROM cut_here")).toEqual([{ id: 3 }]);
  });

  test("what no command can bring back is no failure of the mirror: it ends unverifiable", async () => {
    await using network = await BreakableProxy.to(database.mirror);
    await using proxy = await startMirrored({}, network);
    await using raw = await login(proxy);
    await raw.exchange(query("CREATE TEMP TABLE scratch (id int)"));
    await proxy.outcomes(1);
    network.cut();
    await waitFor(() => network.open === 0);
    await raw.exchange(query("SELECT * FROM scratch"));
    await raw.exchange(query("DISCARD ALL"));
    await raw.exchange(query("SELECT * FROM scratch_that_never_was"));
    expect(kinds(await proxy.outcomes(4))).toEqual(["match", "unverifiable", "match", "both_failed"]);
  });
});

describe("sampling", () => {
  test("by transaction is all or nothing, and what is not selected is skipped for `exposure`", async () => {
    await database.onBoth("CREATE TABLE pairs (n int)");
    await using proxy = await startMirrored({ exposure: 0.5 });
    await using raw = await login(proxy);
    for (let n = 0; n < 40; n++) {
      await raw.exchange(query("BEGIN"));
      await raw.exchange(query(`INSERT INTO pairs VALUES (${n})`));
      await raw.exchange(query(`INSERT INTO pairs VALUES (${n})`));
      await raw.exchange(query("COMMIT"));
    }
    const { seen, skipped } = await proxy.tally(160);
    const outcomes = await proxy.outcomes(160 - (skipped["exposure"] ?? 0));
    expect(seen).toBe(160);
    expect(outcomes.length % 4).toBe(0);
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.length).toBeLessThan(160);
    expect(new Set(kinds(outcomes))).toEqual(new Set(["match"]));
    const odd = await database.onMirror("SELECT n FROM pairs GROUP BY n HAVING count(*) <> 2");
    expect(odd).toEqual([]);
  });

  test("statements that were prepared, closed and prepared anew while sampled out are what the client means by them", async () => {
    await using proxy = await startMirrored({ exposure: 0.3 });
    await using raw = await login(proxy);
    for (let round = 0; round < 60; round++) {
      await raw.exchange(parse("s", `SELECT ${round} WHERE $1::int = ${round}`), sync());
      await raw.exchange(bind("", "s", [String(round)]), execute(""), sync());
      await raw.exchange(bind("", "s", [String(round)]), execute(""), sync());
      if (round % 3 === 0) await raw.exchange(query("DEALLOCATE s"));
      else if (round % 3 === 1) await raw.exchange(close("S", "s"), sync());
      else await raw.exchange(query("DISCARD ALL"));
    }
    const { skipped } = await proxy.tally(240);
    const outcomes = await proxy.outcomes(240 - (skipped["exposure"] ?? 0));
    expect(outcomes.length).toBeGreaterThan(20);
    expect(new Set(kinds(outcomes))).toEqual(new Set(["match"]));
  });

  test("session-level commands are never sampled out", async () => {
    await using proxy = await startMirrored({ exposure: 0 });
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await raw.exchange(query("SET work_mem = '5MB'"));
    await raw.exchange(query("CREATE TEMP TABLE mine (id int)"));
    await raw.exchange(query("SELECT 2"));
    expect(await proxy.tally(4)).toEqual({ seen: 4, skipped: { exposure: 2 } });
    expect(kinds(await proxy.outcomes(2))).toEqual(["match", "match"]);
  });
});

describe("filters", () => {
  test("level = reads mirrors reads alone, and no transaction in which nothing is read", async () => {
    await using proxy = await startMirrored({ level: "reads" });
    await using raw = await login(proxy);
    for (const sql of ["BEGIN", "INSERT INTO item VALUES (1)", "COMMIT"]) await raw.exchange(query(sql));
    for (const sql of ["BEGIN", "SELECT 1", "DELETE FROM item", "COMMIT"]) await raw.exchange(query(sql));
    expect(await proxy.tally(7)).toEqual({ seen: 7, skipped: { filter: 4 } });
    expect(kinds(await proxy.outcomes(3))).toEqual(["match", "match", "match"]);
    expect(await database.onMirror("SELECT count(*)::int AS n FROM item")).toEqual([{ n: 0 }]);
  });

  test("names and normalised statements are included and excluded", async () => {
    await using proxy = await startMirrored({ exclude_statements: ["^select \\?$"], include_users: ["postgres"] });
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await raw.exchange(query("SELECT 1, 2"));
    expect(await proxy.tally(2)).toEqual({ seen: 2, skipped: { filter: 1 } });
    expect(kinds(await proxy.outcomes(1))).toEqual(["match"]);
    await using other = await startMirrored({ exclude_applications: ["backup"] });
    await using backup = await login(other, { application_name: "backup" });
    await backup.exchange(query("SELECT 1"));
    expect(await other.tally(1)).toEqual({ seen: 1, skipped: { filter: 1 } });
  });
});

describe("content", () => {
  test("is compared without regard to order, and not where it differs by nature", async () => {
    await database.onBoth("CREATE TABLE rows_of (id int)");
    await database.onPrimary("INSERT INTO rows_of VALUES (1), (2), (3)");
    await database.onMirror("INSERT INTO rows_of VALUES (3), (1), (2)");
    await using proxy = await startMirrored({ compare: "content" });
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT id FROM rows_of"));
    await raw.exchange(query("SELECT current_setting('server_version_num')::int / 10000 + 0 * id FROM rows_of"));
    await raw.exchange(query("SELECT random()"));
    await raw.exchange(query("SELECT sum(oid::bigint) FROM pg_type"));
    expect(kinds(await proxy.outcomes(4))).toEqual(["match", "unverifiable", "unverifiable", "different_content"]);
  });
});

describe("COPY", () => {
  test("in and out, simple and extended, is mirrored with its rows", async () => {
    await database.onBoth("CREATE TABLE copied (id int)");
    await using proxy = await startMirrored();
    await using raw = await login(proxy);
    raw.send(query("COPY copied FROM STDIN"));
    await raw.until("G");
    await raw.exchange(copyData(Buffer.from("1\n2\n")), copyDone());
    raw.send(parse("", "COPY copied FROM STDIN"), bind("", ""), execute(""), sync());
    await raw.until("G");
    await raw.exchange(copyData(Buffer.from("3\n")), copyDone(), sync());
    await raw.exchange(query("COPY copied TO STDOUT"));
    const outcomes = await proxy.outcomes(3);
    expect(kinds(outcomes)).toEqual(["match", "match", "match"]);
    expect(outcomes.map((outcome) => outcome.kind === "mirrored" && outcome.rows)).toEqual([2, 1, 3]);
    expect(await database.onMirror("SELECT count(*)::int AS n FROM copied")).toEqual([{ n: 3 }]);
  });

  test.each(["simple", "extended"])(
    "%s: failing on one side alone is told as that, and the session goes on in step",
    async (kind) => {
      await database.onBoth(`CREATE TABLE strict_${kind} (id int)`);
      await database.onPrimary(`ALTER TABLE strict_${kind} ADD CHECK (id < 10)`);
      await database.onMirror(`ALTER TABLE strict_${kind} ADD CHECK (id > 2)`);
      await using proxy = await startMirrored();
      await using raw = await login(proxy);
      const copy = async (rows: string): Promise<void> => {
        const start = [parse("", `COPY strict_${kind} FROM STDIN`), bind("", ""), execute(""), sync()];
        raw.send(...(kind === "simple" ? [query(`COPY strict_${kind} FROM STDIN`)] : start));
        await raw.until("G");
        await raw.exchange(copyData(Buffer.from(rows)), copyDone(), ...(kind === "simple" ? [] : [sync()]));
      };
      await copy("1\n");
      await copy("20\n");
      await copy("5\n");
      await raw.exchange(query("SELECT 1"));
      expect(kinds(await proxy.outcomes(4))).toEqual(["23514", "primary_failed", "match", "match"]);
    },
  );

  test("into a table that only one side has: the other side's COPY is ended, and both go on", async () => {
    await database.onPrimary("CREATE TABLE only_left (id int)");
    await database.onMirror("CREATE TABLE only_right (id int)");
    await using proxy = await startMirrored();
    await using raw = await login(proxy);
    raw.send(query("COPY only_left FROM STDIN"));
    await raw.until("G");
    await raw.exchange(copyData(Buffer.from("1\n")), copyDone());
    await raw.exchange(query("COPY only_right FROM STDIN"));
    await raw.exchange(parse("", "COPY only_right FROM STDIN"), bind("", ""), execute(""), sync());
    raw.send(parse("", "COPY only_left FROM STDIN"), bind("", ""), execute(""), sync());
    await raw.until("G");
    await raw.exchange(copyData(Buffer.from("1\n")), copyDone(), sync());
    await raw.exchange(query("SELECT 1"));
    expect(kinds(await proxy.outcomes(5))).toEqual(["42P01", "unverifiable", "unverifiable", "42P01", "match"]);
  });
});

describe("a mirror that is fed by replication", () => {
  let standby: PostgresServer;

  beforeAll(async () => {
    standby = await startPostgres({ major: 18, settings: { wal_level: "logical" } });
  });

  afterAll(async () => {
    await standby.stop();
  });

  test("is found out at connect, takes reads only, and it is said", async () => {
    await database.onPrimary("CREATE TABLE twice (id int)");
    const name = `fed_${process.pid}`;
    await using proxy = await startInlineProxy({
      databases: [
        { name: "*", host: database.primary.host, port: database.primary.port, tls: "disable" },
        {
          name: "fed",
          host: standby.host,
          port: standby.port,
          database_name: "postgres",
          user: "postgres",
          tls: "disable",
        },
      ],
      mirroring: [{ source_db: "*", destination_db: "fed" }],
    });
    await using setup = await RawClient.login(standby, { user: "postgres", database: "postgres" });
    await setup.exchange(
      query(`CREATE SUBSCRIPTION ${name} CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)`),
    );
    await setup.exchange(query("CREATE TABLE twice (id int)"));
    await using raw = await login(proxy);
    await raw.exchange(query("SELECT 1"));
    await proxy.outcomes(1);
    await raw.exchange(query("INSERT INTO twice VALUES (1)"));
    await raw.exchange(query("SELECT count(*) FROM twice"));
    expect((await proxy.tally(3)).skipped).toEqual({ filter: 1 });
    expect(kinds(await proxy.outcomes(2))).toEqual(["match", "match"]);
    expect(await proxy.eventsOf("observation_changed")).toContainEqual(
      expect.objectContaining({ state: "degraded", cause: expect.stringContaining("has subscriptions") }),
    );
    expect(proxy.lines.filter((line) => line.level === "error")).toHaveLength(1);
  });
});
