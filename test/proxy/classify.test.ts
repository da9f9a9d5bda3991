import * as fc from "fast-check";
import { loadModule, parseSync } from "libpg-query";
import { beforeAll, describe, expect, test } from "vitest";
import { classify } from "../../src/proxy/classify.ts";
import type { StatementClass } from "../../src/proxy/statement-class.ts";

function classOf(text: string, standardConformingStrings = true): StatementClass {
  const bytes = Buffer.from(text);
  return classify(bytes, 0, bytes.length, standardConformingStrings);
}

const LEVELS: Readonly<Record<StatementClass["level"], readonly string[]>> = {
  reads: [
    "SELECT 1",
    "select * from t where a = 'insert into'",
    "(SELECT 1) UNION (SELECT 2)",
    "((SELECT 1))",
    "SELECT * FROM t FOR UPDATE",
    "SELECT * FROM t FOR NO KEY UPDATE",
    "SELECT delete, update FROM merge",
    "SELECT 1 AS into",
    "VALUES (1), (2)",
    "TABLE t",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH RECURSIVE update AS (SELECT 1), insert AS MATERIALIZED (SELECT 2) TABLE update",
    "WITH x AS (SELECT 1) SELECT count(*) delete FROM x",
    "SHOW search_path",
    "FETCH 10 FROM c",
    "MOVE c",
    "CLOSE c",
    "DECLARE c CURSOR FOR SELECT 1",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN (VERBOSE, FORMAT json) DELETE FROM t",
    "EXPLAIN (ANALYZE false) DELETE FROM t",
    "EXPLAIN ANALYZE SELECT 1",
    "COPY t TO STDOUT",
    "COPY t (a, b) TO STDOUT",
    "COPY (SELECT * FROM t) TO STDOUT",
    "PREPARE p (int) AS SELECT $1",
    "BEGIN; SELECT 1; COMMIT",
  ],
  dml: [
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x",
    "WITH a AS (SELECT 1), x AS NOT MATERIALIZED (DELETE FROM t RETURNING a) SELECT * FROM x",
    "WITH a AS (SELECT 1) UPDATE t SET a = 1",
    "EXPLAIN ANALYZE DELETE FROM t",
    "EXPLAIN (ANALYZE, BUFFERS) UPDATE t SET a = 1",
    "EXPLAIN (ANALYZE on) INSERT INTO t VALUES (1)",
    "COPY t FROM STDIN",
    "COPY t (a, b) FROM '/tmp/x' WITH (FORMAT csv)",
    "COPY (DELETE FROM t RETURNING *) TO STDOUT",
    "CALL p(1)",
    "DO $$ BEGIN COMMIT; END $$",
    "EXECUTE p(1)",
    "PREPARE p AS DELETE FROM t",
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
    "SELECT 1; DELETE FROM t; SELECT 2",
  ],
  ddl: [
    "CREATE TABLE t (a int)",
    "ALTER TABLE t ADD b int",
    "DROP TABLE t",
    "TRUNCATE t",
    "GRANT SELECT ON t TO u",
    "REVOKE ALL ON t FROM u",
    "COMMENT ON TABLE t IS 'x'",
    "REINDEX TABLE t",
    "REFRESH MATERIALIZED VIEW v",
    "CLUSTER t",
    "SELECT * INTO t2 FROM t",
    "WITH x AS (SELECT 1) SELECT * INTO t2 FROM x",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM s; DELETE FROM s)",
    "DELETE FROM t; DROP TABLE t",
  ],
  other: [
    "",
    ";;",
    "BEGIN",
    "COMMIT",
    "SET a = 1",
    "RESET ALL",
    "LISTEN c",
    "NOTIFY c",
    "VACUUM t",
    "ANALYZE t",
    "LOCK TABLE t",
    "SAVEPOINT s",
    "PREPARE TRANSACTION 'x'",
  ],
};

describe("level", () => {
  test.each(Object.entries(LEVELS).flatMap(([level, texts]) => texts.map((text) => [text, level])))(
    "%j is %s",
    (text, level) => {
      expect(classOf(text).level).toBe(level);
    },
  );
});

const flags = ({ opensTransaction, closesTransaction, chains }: StatementClass): string =>
  [opensTransaction && "opens", closesTransaction && "closes", chains && "chains"].filter(Boolean).join(" ");

describe("transactions", () => {
  test.each([
    ["BEGIN", "opens"],
    ["begin isolation level serializable", "opens"],
    ["START TRANSACTION READ ONLY", "opens"],
    ["COMMIT", "closes"],
    ["commit work", "closes"],
    ["END TRANSACTION", "closes"],
    ["ROLLBACK", "closes"],
    ["ABORT", "closes"],
    ["COMMIT AND CHAIN", "closes chains"],
    ["ROLLBACK WORK AND CHAIN", "closes chains"],
    ["COMMIT AND NO CHAIN", "closes"],
    ["PREPARE TRANSACTION 'x'", "closes"],
    ["ROLLBACK TO s", ""],
    ["ROLLBACK TRANSACTION TO SAVEPOINT s", ""],
    ["SAVEPOINT s", ""],
    ["RELEASE s", ""],
    ["COMMIT PREPARED 'x'", ""],
    ["ROLLBACK PREPARED 'x'", ""],
    ["SELECT 'BEGIN'", ""],
    ["SELECT 1 -- ; COMMIT", ""],
    ["BEGIN; SELECT 1; COMMIT", "opens closes"],
    ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", ""],
    ["CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END; COMMIT", "closes"],
  ])("%j: %s", (text, expected) => {
    expect(flags(classOf(text))).toBe(expected);
  });
});

describe("what the session remembers", () => {
  test.each([
    "SET search_path = a",
    "SET SESSION a = 1",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "SET ROLE u",
    "SET TIME ZONE 'UTC'",
    "RESET a",
    "DISCARD ALL",
    "DEALLOCATE p",
    "PREPARE p AS SELECT 1",
    "LISTEN c",
    "UNLISTEN *",
    "LOAD 'x'",
    "CREATE TEMP TABLE t (a int)",
    "CREATE LOCAL TEMPORARY TABLE t (a int)",
    "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
    "CREATE TABLE pg_temp.t (a int)",
    "SELECT 1 AS a INTO TEMP t",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "SELECT set_config('a', 'b', false)",
    "SELECT set_config('a', f(true), $1)",
    "SELECT pg_catalog.set_config('a', 'b', 'f')",
    "SELECT pg_advisory_lock(1)",
    "SELECT * FROM t WHERE pg_try_advisory_lock(a)",
    "SELECT pg_advisory_unlock_all()",
    "BEGIN; SET a = 1",
  ])("%j goes on behind the transaction", (text) => {
    expect(classOf(text).sessionLevel).toBe(true);
  });

  test.each([
    "SET LOCAL a = 1",
    "SET TRANSACTION READ ONLY",
    "SET CONSTRAINTS ALL DEFERRED",
    "SELECT set_config('a', 'b', true)",
    "SELECT pg_advisory_xact_lock(1)",
    "UPDATE t SET a = 1",
    "CREATE TABLE temp (a int)",
    "SELECT temp FROM local",
    "DECLARE c CURSOR FOR SELECT 1",
    "PREPARE TRANSACTION 'x'",
    "EXECUTE p",
  ])("%j does not", (text) => {
    expect(classOf(text).sessionLevel).toBe(false);
  });

  test("DISCARD ALL alone makes the session as new", () => {
    expect(classOf("DISCARD ALL").forgetsSession).toBe(true);
    expect(classOf("DISCARD TEMP; RESET ALL; DEALLOCATE ALL").forgetsSession).toBe(false);
  });

  test.each([
    ["CREATE TEMP TABLE t (a int)", true],
    ["SELECT 1 AS a INTO TEMP t", true],
    ["CREATE TABLE pg_temp.t (a int)", true],
    ["SELECT pg_advisory_lock(1)", false],
    ["DECLARE c CURSOR WITH HOLD FOR SELECT 1", true],
    ["SET a = 1", false],
    ["LISTEN c", false],
    ["SELECT set_config('a', 'b', false)", false],
  ])("%j leaves something that repeating it elsewhere doesn't bring back: %s", (text, expected) => {
    expect(classOf(text).sessionObjects).toBe(expected);
  });

  test.each([
    ["SELECT pg_advisory_lock(1)", "lock"],
    ["select PG_ADVISORY_LOCK_SHARED($1, $2) AS locked;", "lock"],
    ["SELECT pg_catalog.pg_try_advisory_lock(hashtext('a)b'))", "try"],
    ["/* why */ SELECT pg_advisory_unlock((SELECT max(id) FROM t)) done", "unlock"],
    ["SELECT pg_advisory_unlock_all()", "unlock_all"],
    ["SELECT pg_advisory_xact_lock(1)", null],
    ["SELECT pg_advisory_lock FROM t", null],
    ["SELECT pg_advisory_lock(id) FROM t", "unclear"],
    ["SELECT pg_advisory_lock(1), pg_advisory_lock(2)", "unclear"],
    ["SELECT pg_advisory_unlock(pg_try_advisory_lock(1)::int)", "unclear"],
    ["SELECT pg_advisory_lock(1) WHERE false", "unclear"],
    ["SELECT pg_advisory_lock(1) UNION ALL SELECT pg_advisory_lock(2)", "unclear"],
    ["SELECT pg_advisory_lock(1); SELECT 1", "unclear"],
    ["SELECT pg_advisory_lock(1)::text", "unclear"],
    ["SELECT mine.pg_advisory_lock(1)", "unclear"],
    ["SELECT * FROM t WHERE pg_try_advisory_lock(a)", "unclear"],
    ["PREPARE p AS SELECT pg_advisory_lock(1)", "unclear"],
    ["EXPLAIN ANALYZE SELECT pg_advisory_lock(1)", "unclear"],
  ])("%j does with advisory locks: %s", (text, expected) => {
    expect(classOf(text).locks).toBe(expected);
  });

  test.each([
    ["SET a = 1", true],
    ["DISCARD TEMP", true],
    ["LISTEN c", true],
    ["SELECT set_config('a', 'b', false)", true],
    ["SELECT set_config('a', 'b', true)", false],
    ["DEALLOCATE p", false],
    ["PREPARE p AS SELECT 1", false],
    ["CREATE TEMP TABLE t ()", false],
  ])("%j changes a setting: %s", (text, expected) => {
    expect(classOf(text).settings).toBe(expected);
  });

  test.each([
    ["CREATE TEMP TABLE t (a int)", ["t"]],
    ['CREATE TEMPORARY TABLE IF NOT EXISTS "T x" ()', ["T x"]],
    ["CREATE OR REPLACE TEMP RECURSIVE VIEW v AS SELECT 1", ["v"]],
    ["CREATE TEMP SEQUENCE s", ["s"]],
    ["CREATE TABLE pg_temp.t AS SELECT 1", ["t"]],
    ["CREATE TEMP TABLE pg_temp.t AS SELECT 1", ["t"]],
    ["SELECT 1 AS a INTO TEMP t", ["t"]],
    ["SELECT 1 AS a INTO TEMPORARY TABLE t FROM u", ["t"]],
    ["DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1", ["c"]],
    ["DECLARE c CURSOR FOR SELECT 1", []],
    ["CREATE TABLE t (a int)", []],
  ])("%j makes %j for the session", (text, expected) => {
    expect(classOf(text).objects).toEqual(expected);
  });
});

describe("prepared statements", () => {
  test("are named with what happens to them, and where", () => {
    expect(classOf('PREPARE a AS SELECT 1; SELECT 2; EXECUTE a; DEALLOCATE PREPARE "A""b"; DISCARD ALL').names).toEqual(
      [
        { kind: "prepare", at: 0, name: "a" },
        { kind: "execute", at: 2, name: "a" },
        { kind: "deallocate", at: 3, name: 'A"b' },
        { kind: "forget", at: 4 },
      ],
    );
  });

  test.each([
    ["DEALLOCATE ALL", [{ kind: "forget", at: 0 }]],
    ["DEALLOCATE PREPARE ALL", [{ kind: "forget", at: 0 }]],
    ['DEALLOCATE "all"', [{ kind: "deallocate", at: 0, name: "all" }]],
    ["DISCARD PLANS", []],
    ["EXPLAIN ANALYZE EXECUTE p(1)", [{ kind: "execute", at: 0, name: "p" }]],
    ["CREATE TABLE t AS EXECUTE p(1)", [{ kind: "execute", at: 0, name: "p" }]],
    ["PREPARE TRANSACTION 'x'", []],
  ])("%j: %j", (text, expected) => {
    expect(classOf(text).names).toEqual(expected);
  });
});

test("COMMIT PREPARED and ROLLBACK PREPARED end what another session may have left", () => {
  expect(classOf("COMMIT PREPARED 'x'").finishesPrepared).toBe(true);
  expect(classOf("ROLLBACK PREPARED 'x'").finishesPrepared).toBe(true);
  expect(classOf("PREPARE TRANSACTION 'x'").finishesPrepared).toBe(false);
});

describe("volatile", () => {
  test.each([
    "SELECT now()",
    "SELECT pg_catalog.now ()",
    'SELECT "now"()',
    "INSERT INTO t VALUES (CURRENT_TIMESTAMP)",
    "SELECT * FROM t ORDER BY random()",
    "SELECT nextval('s')",
    "SELECT gen_random_uuid()",
    "SELECT uuid_generate_v4()",
    "SELECT txid_current()",
    "SELECT pg_backend_pid()",
    "SELECT version()",
    "SELECT ctid FROM t",
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM t TABLESAMPLE system (1)",
    "EXPLAIN SELECT 1",
    "SHOW server_version",
    "CALL p()",
    "EXECUTE p",
    "SELECT 1; SELECT now()",
  ])("%j is", (text) => {
    expect(classOf(text).volatile).toBe(true);
  });

  test.each([
    "SELECT 'now()'",
    "SELECT now FROM t",
    "SELECT version, age FROM t",
    "SELECT lower(a) FROM t",
    "SELECT a /* random() */ FROM t",
    "UPDATE t SET a = 1",
  ])("%j is not", (text) => {
    expect(classOf(text).volatile).toBe(false);
  });
});

describe("the text", () => {
  beforeAll(() => loadModule());

  test("holds as many statements as PostgreSQL's parser finds", () => {
    for (const text of [
      ...Object.values(LEVELS).flat(),
      "SELECT 1;; SELECT 2; ",
      "SELECT ';'; SELECT $$;$$; SELECT \";\" FROM t -- ;",
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; SELECT 3",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2'; SELECT 3",
    ]) {
      const found = text === "" ? 0 : (parseSync(text).stmts?.length ?? 0);
      expect([text, classOf(text).statements]).toEqual([text, found]);
    }
  });

  test("is read with the escapes that the server takes", () => {
    const text = "SELECT 'a\\'; DROP TABLE t --'";
    expect(classOf(text, false)).toMatchObject({ level: "reads", statements: 1 });
    expect(classOf(text, true)).toMatchObject({ level: "ddl", statements: 2 });
  });

  test.each(["copy (", "explain analyze ", "prepare p as ", "(", "with x as (", "create function f() begin atomic "])(
    "may repeat %j for ever",
    (text) => {
      expect(classOf(text.repeat(10_000)).statements).toBe(1);
    },
  );

  test("may be anything: it never throws, and the bytes around it don't matter", () => {
    const words =
      "select with as ( ) insert into update ; explain analyze copy prepare set_config true create function begin atomic case end , ' \" $$ /* */ -- 1 deallocate set".split(
        " ",
      );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((list) => Buffer.from(list.join(" "))),
    );
    fc.assert(
      fc.property(body, fc.uint8Array({ maxLength: 20 }), (bytes, around) => {
        const inside = Buffer.concat([around, bytes, around]);
        const start = around.length;
        expect(classify(inside, start, start + bytes.length)).toEqual(classify(Buffer.from(bytes), 0, bytes.length));
      }),
      { numRuns: 2000 },
    );
  });
});
