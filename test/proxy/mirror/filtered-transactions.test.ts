// Transactions of which a filter takes only parts: what of them runs on the mirror runs inside the transaction that the
// client had it in, and what the missing parts bring about is nobody's fault.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, parse, query, sync } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("filtered_transactions");
  await database.onBoth("CREATE TABLE item (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.onBoth("TRUNCATE item; DROP TABLE IF EXISTS made");
});

type Level = "reads" | "dml" | "ddl";

const startAt = (level: Level) => startInlineProxy(mirrorTables(database.primary, database.mirror, { level }));
const login = (proxy: { host: string; port: number }) =>
  RawClient.login(proxy, { user: "postgres", database: database.name });
const simple = (...statements: readonly string[]): Buffer[][] => statements.map((sql) => [query(sql)]);
const extended = (...statements: readonly string[]): Buffer[] => [
  ...statements.flatMap((sql) => [parse("", sql), bind("", ""), execute("")]),
  sync(),
];

const endOf = (outcome: Outcome): string => {
  if (outcome.kind === "mirrored") return outcome.parity;
  return outcome.kind === "errored" ? `${outcome.category} ${outcome.sqlstate}` : outcome.reason;
};

/** How those of the requests end that the filter takes. */
async function endsOf(level: Level, ...requests: readonly (readonly Buffer[])[]): Promise<string[]> {
  await using proxy = await startAt(level);
  await using raw = await login(proxy);
  for (const messages of requests) await raw.exchange(...messages);
  const { skipped } = await proxy.tally(requests.length);
  return (await proxy.outcomes(requests.length - (skipped["filter"] ?? 0))).map(endOf);
}

const madeOnMirror = async (): Promise<unknown> =>
  (await database.onMirror("SELECT to_regclass('made') IS NOT NULL AS made"))[0]!["made"];

describe("a transaction that was opened by a request which the filter does not take", () => {
  const opening: Readonly<Record<string, readonly Buffer[]>> = {
    "in one Query": [query("BEGIN; INSERT INTO item VALUES (1)")],
    "in one pipeline": extended("BEGIN", "INSERT INTO item VALUES (1)"),
  };

  test.each(Object.entries(opening))("%s, is not mirrored; the next one is", async (_how, messages) => {
    const rest = simple("SELECT 1", "COMMIT", "BEGIN", "SELECT 2", "COMMIT");
    expect(await endsOf("reads", messages, ...rest)).toEqual(["match", "match", "match"]);
  });

  test("leaves nothing on the mirror of what the client rolls back", async () => {
    const ends = await endsOf("ddl", ...simple("BEGIN; SELECT 1", "CREATE TABLE made (id int)", "ROLLBACK"));
    expect(ends).toEqual([]);
    expect(await madeOnMirror()).toBe(false);
  });
});

test.each(["COMMIT AND CHAIN", "COMMIT; BEGIN", "ROLLBACK AND CHAIN"])(
  "a transaction that follows an unwanted one by %s is mirrored as a transaction",
  async (chain) => {
    const requests = simple("BEGIN", "SELECT 1", chain, "CREATE TABLE made (id int)", "ROLLBACK", "SELECT 2");
    expect(await endsOf("ddl", ...requests)).toEqual(["match", "match", "match", "match"]);
    expect(await madeOnMirror()).toBe(false);
  },
);

test("a transaction that goes on behind an end that failed is not mirrored from its middle", async () => {
  const begin = simple("BEGIN", "SELECT 1/0");
  const rest = simple("COMMIT AND CHAIN", "CREATE TABLE made (id int)", "ROLLBACK");
  expect(await endsOf("ddl", ...begin, extended("SAVEPOINT a", "ROLLBACK"), ...rest)).toEqual([]);
  expect(await madeOnMirror()).toBe(false);
});

test("a transaction whose end is not taken is not left open on the mirror", async () => {
  await using proxy = await startAt("dml");
  await using raw = await login(proxy);
  for (const sql of ["BEGIN", "INSERT INTO item VALUES (1)", "CREATE TABLE made (id int); COMMIT"]) {
    await raw.exchange(query(sql));
  }
  await proxy.outcomes(2);
  const open = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
  await waitFor(async () => (await database.onMirror(open))[0]!["n"] === 0);
  await raw.exchange(query("SELECT 1"));
  expect((await proxy.outcomes(3)).map(endOf)).toEqual(["match", "match", "match"]);
});

test("a transaction whose end is not taken, and fails on the primary, goes on where it is", async () => {
  const texts = ["BEGIN", "INSERT INTO item VALUES (1)", "CREATE TABLE item (id int); COMMIT", "ROLLBACK", "SELECT 1"];
  expect(await endsOf("dml", ...simple(...texts))).toEqual(["match", "match", "match", "match"]);
});

test("a connection that is lost behind such a transaction costs no request of the next one", async () => {
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network, { level: "dml" }));
  await using raw = await login(proxy);
  for (const sql of ["BEGIN", "INSERT INTO item VALUES (1)", "CREATE TABLE made (id int); COMMIT"]) {
    await raw.exchange(query(sql));
  }
  await proxy.outcomes(2);
  network.cut();
  await waitFor(() => network.open === 0);
  for (const sql of ["BEGIN", "SELECT 1", "COMMIT"]) await raw.exchange(query(sql));
  expect((await proxy.outcomes(5)).map(endOf)).toEqual(["match", "match", "match", "match", "match"]);
});

describe("what the writes of a transaction would have left behind, which the filter keeps from the mirror,", () => {
  test("is not there to be read", async () => {
    const requests = simple("BEGIN", "INSERT INTO item VALUES (1)", "SELECT * FROM item", "COMMIT");
    expect(await endsOf("reads", ...requests)).toEqual(["match", "unverifiable", "match"]);
  });

  test("is not there to be written to", async () => {
    const requests = simple("BEGIN", "CREATE TABLE made (id int)", "INSERT INTO made VALUES (1)", "COMMIT", "SELECT 1");
    expect(await endsOf("dml", ...requests)).toEqual(["match", "unverifiable", "unverifiable", "match"]);
  });

  test.each(["ROLLBACK", "COMMIT"])("is a failed transaction on the primary, up to its %s", async (end) => {
    const requests = simple("BEGIN", "SELECT 1", "INSERT INTO nowhere VALUES (1)", "SELECT 2", end, "SELECT 3");
    expect(await endsOf("reads", ...requests)).toEqual(["match", "match", "unverifiable", "unverifiable", "match"]);
  });

  test("is why the mirror leaves a transaction that the primary is still in", async () => {
    const requests = simple("BEGIN", "INSERT INTO nowhere VALUES (1)", "SELECT 2", "ROLLBACK", "SELECT 3");
    const ends = await endsOf("reads", ...requests.slice(0, 2), extended("SELECT 1", "ROLLBACK"), ...requests.slice(2));
    expect(ends).toEqual(["match", "unverifiable", "unverifiable", "unverifiable", "match"]);
  });

  test("explains no other failure of the mirror, and nothing in the next transaction", async () => {
    await database.onPrimary("CREATE OR REPLACE FUNCTION sound() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await database.onMirror("CREATE OR REPLACE FUNCTION sound() RETURNS int LANGUAGE sql AS 'SELECT 1/0'");
    await database.onPrimary("INSERT INTO item VALUES (1)");
    const requests = simple("BEGIN", "INSERT INTO item VALUES (1)", "SELECT sound()", "ROLLBACK", "SELECT * FROM item");
    expect(await endsOf("reads", ...requests)).toEqual(["match", "query 22012", "unverifiable", "different_rows"]);
  });
});
