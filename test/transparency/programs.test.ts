// PostgreSQL's own programs do through pgsoak what they do directly: psql, pgbench in all its modes, pg_dump and back.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables, relayTables } from "../helpers/config-text.ts";
import { startInlineProxy } from "../helpers/inline-proxy.ts";
import { CONDITIONS, type Conditions, startConditions, type Target } from "./conditions.ts";
import { hasPrograms, type Output, run, startSameVersion, to } from "./programs.ts";
import { FIXTURE } from "./scripts.ts";

/** What a person does at psql: queries, describes, copies, fails, listens. */
const SESSION = String.raw`
\timing off
SELECT version() <> '' AS there, count(*), sum(price) FROM item;
\d item
\dt
\df complain
\copy (SELECT id, name FROM item WHERE id <= 3) TO STDOUT
BEGIN;
\copy scratch FROM STDIN WITH (FORMAT csv)
1,one
2,"t,wo"
\.
TABLE scratch;
SELECT 1/0;
SELECT 'in a failed transaction';
ROLLBACK;
SELECT complain('psql');
LISTEN news;
NOTIFY news, 'read all about it';
\set FETCH_COUNT 50
SELECT id FROM item ORDER BY id;
\unset FETCH_COUNT
\x
SELECT * FROM item WHERE id = 5 \g
\x
SELECT 'SELECT ' || n FROM generate_series(1, 3) AS n \gexec
\encoding LATIN1
SELECT 'Käse';
\encoding UTF8
\lo_list
\echo :ROW_COUNT :LAST_ERROR_SQLSTATE
SELECT * FROM nowhere;
\q
`;

describe.runIf(hasPrograms("psql", "pgbench"))("psql and pgbench", () => {
  let database: TestDatabase;
  let ways: Conditions;
  let session: Output;
  let rows: Output;

  const psql = (target: Target, ...more: readonly string[]): Promise<Output> =>
    run("psql", ["-X", ...to(target, database.name), ...more], SESSION);
  /** What a workload left behind, but for what random numbers made different. */
  const tables = (target: Target): Promise<Output> => {
    const counts = ["accounts", "branches", "tellers"].map((name) => `SELECT count(*) FROM pgbench_${name}`);
    return run("psql", [
      "-X",
      "-q",
      ...to(target, database.name),
      ...counts.flatMap((sql) => ["-c", sql]),
      "-c",
      "\\d pgbench_accounts",
    ]);
  };

  beforeAll(async () => {
    database = await createDatabase("programs");
    await database.onBoth(FIXTURE);
    ways = await startConditions(database.primary, database.mirror);
    await run("pgbench", ["-i", "-q", ...to(ways.direct, database.name)]);
    session = withoutPids(await psql(ways.direct));
    rows = await tables(ways.direct);
  }, 60_000);

  afterAll(async () => {
    await ways[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test("the direct session has what it should: rows, a table's description, errors, a notification", () => {
    expect(session.stdout).toContain('Table "public.item"');
    expect(session.stdout).toContain("read all about it");
    expect(session.stderr).toContain("complained of psql");
    expect(session.code).toBe(0);
  });

  describe.each(CONDITIONS)("with the mirror %s", (condition) => {
    test("a psql session prints the same on both streams and ends the same", async () => {
      expect(withoutPids(await psql(ways.through(condition)))).toEqual(session);
      const stopping = ["-v", "ON_ERROR_STOP=1", "-1"];
      const stopped = await psql(ways.through(condition), ...stopping);
      expect(withoutPids(stopped)).toEqual(withoutPids(await psql(ways.direct, ...stopping)));
      expect(stopped.code).toBe(3);
    });

    test("pgbench fills its tables and runs in every mode without a failed transaction", async () => {
      const proxy = ways.through(condition);
      const filled = await run("pgbench", ["-i", "-q", "--foreign-keys", ...to(proxy, database.name)]);
      expect(filled).toMatchObject({ code: 0 });
      await run("pgbench", ["-i", "-q", ...to(proxy, database.name)]);
      expect(await tables(ways.direct)).toEqual(rows);
      for (const mode of ["simple", "extended", "prepared"]) {
        const bench = ["-M", mode, "-c", "4", "-t", "25", "-n", ...to(proxy, "").slice(0, -2), database.name];
        const { code, stdout, stderr } = await run("pgbench", bench);
        expect(stderr).not.toMatch(/error|fatal/i);
        expect(stdout).toContain("number of transactions actually processed: 100/100");
        expect(stdout).toContain("number of failed transactions: 0 (0.000%)");
        expect(code).toBe(0);
      }
    });
  });
});

describe.runIf(hasPrograms("pg_dump", "postgres", "psql"))("pg_dump and back", () => {
  let server: Target & AsyncDisposable;
  let mirror: TestDatabase;

  beforeAll(async () => {
    server = await startSameVersion();
    mirror = await createDatabase("dumped");
    await run("psql", [
      "-X",
      "-q",
      ...to(server, "postgres"),
      "-c",
      "CREATE DATABASE source",
      "-c",
      "CREATE DATABASE target",
    ]);
    const filled = await run(
      "psql",
      ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...to(server, "source")],
      `${FIXTURE}
      CREATE SCHEMA other; CREATE TYPE other.mood AS ENUM ('sad', 'glad');
      CREATE TABLE other.part (id int GENERATED ALWAYS AS IDENTITY, m other.mood, d date) PARTITION BY RANGE (d);
      CREATE TABLE other.part_1 PARTITION OF other.part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
      INSERT INTO other.part (m, d) SELECT 'glad', '2020-01-01'::date + n FROM generate_series(1, 300) AS n;
      CREATE VIEW other.seen AS SELECT m, count(*) FROM other.part GROUP BY m;
      CREATE MATERIALIZED VIEW kept AS SELECT * FROM item; COMMENT ON TABLE item IS 'naïve 🐘';
      SELECT lo_from_bytea(4711, decode(repeat('00ff', 10000), 'hex'));`,
    );
    expect(filled).toMatchObject({ code: 0, stderr: "" });
  }, 60_000);

  afterAll(async () => {
    await mirror[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("a dump through pgsoak is the direct dump, and what is restored from it through pgsoak dumps the same again", async () => {
    await using off = await startInlineProxy(relayTables(server));
    await using on = await startInlineProxy(mirrorTables(server, mirror.mirror));
    const direct = await dump(server, "source");
    expect(direct).toContain("naïve 🐘");
    for (const proxy of [off, on]) {
      expect(await dump(proxy, "source")).toBe(direct);
      expect(await dump(proxy, "source", "--inserts")).toBe(await dump(server, "source", "--inserts"));
      const clean = ["-c", "DROP DATABASE target", "-c", "CREATE DATABASE target"];
      expect(await run("psql", ["-X", "-q", ...to(server, "postgres"), ...clean])).toMatchObject({ code: 0 });
      const restored = await run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...to(proxy, "target")], direct);
      expect(restored).toMatchObject({ code: 0, stderr: "" });
      expect(await dump(server, "target")).toBe(direct);
    }
  });
});

async function dump(target: Target, database: string, ...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("pg_dump", [...to(target, database), ...more]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // Each dump has a key of its own against meddling psql commands.
  return stdout.replaceAll(/^\\(un)?restrict .*$/gm, "");
}

/** psql prints the process id of the session that notifies. */
function withoutPids(output: Output): Output {
  return { ...output, stdout: output.stdout.replaceAll(/(server process with PID )\d+/g, "$1…") };
}
