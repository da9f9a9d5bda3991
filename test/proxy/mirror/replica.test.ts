// A mirror database that is fed by replication, and one that is so no longer, on connections that were there before.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, type Outcome, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query } from "../../helpers/messages.ts";

let database: TestDatabase;
const SUBSCRIPTION = `fed_${process.pid}`;

beforeAll(async () => {
  database = await createDatabase("replica");
  await database.onBoth(`CREATE TABLE noted (id int);
    CREATE FUNCTION note() RETURNS void LANGUAGE sql AS 'INSERT INTO noted VALUES (1)'`);
});

afterAll(async () => {
  await database.onMirror(`DROP SUBSCRIPTION IF EXISTS ${SUBSCRIPTION}`);
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.onMirror(`DROP SUBSCRIPTION IF EXISTS ${SUBSCRIPTION}`);
  await database.onBoth("TRUNCATE noted");
});

const subscribe = () =>
  database.onMirror(
    `CREATE SUBSCRIPTION ${SUBSCRIPTION} CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
  );
const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });
const parityOf = (outcome: Outcome): string => (outcome.kind === "mirrored" ? outcome.parity : outcome.kind);
const noted = async (): Promise<unknown> => (await database.onMirror("SELECT count(*)::int AS n FROM noted"))[0]!["n"];

test.each(["DISCARD ALL", "RESET ALL", "SET SESSION AUTHORIZATION DEFAULT; RESET default_transaction_read_only"])(
  "a subscriber is not written to by what a query calls, not even after %s",
  async (reset) => {
    await subscribe();
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    await using client = await login(proxy);
    const texts = ["SELECT 1", reset, "SELECT note()"];
    for (const text of texts) await client.exchange(query(text));
    expect((await proxy.outcomes(texts.length)).map(parityOf)).toEqual(["match", "match", "unverifiable"]);
    expect(await noted()).toBe(0);
  },
);

test("a mirror that is fed no more takes the writes of sessions that were there before", async () => {
  await subscribe();
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using before = await login(proxy);
  await before.exchange(query("SELECT 1"));
  await proxy.outcomes(1);
  await before.exchange(query("INSERT INTO noted VALUES (2)"));
  expect((await proxy.tally(2)).skipped).toEqual({ filter: 1 });
  await database.onMirror(`DROP SUBSCRIPTION ${SUBSCRIPTION}`);
  await using after = await login(proxy);
  await after.exchange(query("SELECT 1"));
  await proxy.outcomes(2);
  await before.exchange(query("INSERT INTO noted VALUES (2)"));
  expect((await proxy.outcomes(3)).map(parityOf)).toEqual(["match", "match", "match"]);
  expect(await noted()).toBe(1);
});

test("a mirror that is fed from now on is read only to sessions that were there before", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  await using before = await login(proxy);
  await before.exchange(query("SELECT 1"));
  await proxy.outcomes(1);
  await subscribe();
  await using after = await login(proxy);
  await after.exchange(query("SELECT 1"));
  await proxy.outcomes(2);
  await before.exchange(query("SELECT note()"));
  expect((await proxy.outcomes(3)).map(parityOf)).toEqual(["match", "match", "unverifiable"]);
  expect(await noted()).toBe(0);
});
