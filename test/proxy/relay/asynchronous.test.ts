// What a server says without being asked, or before it has finished, reaches the client at once.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { bind, execute, flush, parse, query, sync } from "../../helpers/messages.ts";
import { types } from "./relay.ts";

let database: TestDatabase;
let proxy: InlineProxy;
let user: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase("asynchronous");
  user = { user: "postgres", database: database.name };
  // What the mirror says of the same kind must not be heard; see the tests of a mirror that is on.
  proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

test("a notification reaches a listener that is idle, once, though the mirror notifies its own", async () => {
  await using listener = await RawClient.login(proxy, user);
  await using notifier = await RawClient.login(proxy, user);
  await listener.exchange(query("LISTEN news"));
  await notifier.exchange(query("NOTIFY news, 'first'"));
  const notified = await listener.frame();
  expect(notified.type).toBe("A");
  expect(notified.body.toString("utf8", 4)).toBe("news\0first\0");
  await notifier.exchange(query("NOTIFY news, 'second'"));
  expect((await listener.frame()).body.toString("utf8", 4)).toBe("news\0second\0");
  const before = (await proxy.outcomes(3)).length;
  await notifier.exchange(query("NOTIFY news, 'third'"));
  await proxy.outcomes(before + 1);
  expect((await listener.frame()).body.toString("utf8", 4)).toBe("news\0third\0");
  expect(types(await listener.exchange(query("SELECT 1")))).toBe("TDCZ");
});

test("Flush is answered at once, before Sync", async () => {
  await using client = await RawClient.login(proxy, user);
  client.send(parse("", "SELECT 1"), bind("", ""), flush());
  expect(types([await client.frame(), await client.frame()])).toBe("12");
  client.send(execute(""), flush());
  expect(types([await client.frame(), await client.frame()])).toBe("DC");
  client.send(sync());
  expect((await client.frame()).type).toBe("Z");
});

test("a notice is heard while the statement that raised it still runs", async () => {
  await using client = await RawClient.login(proxy, user);
  client.send(query("DO $$ BEGIN RAISE NOTICE 'so far'; PERFORM pg_sleep(60); END $$"));
  expect(errorFields(await client.frame())).toMatchObject({ S: "NOTICE", M: "so far" });
});

test("rows are heard while the statement still runs", async () => {
  await using client = await RawClient.login(proxy, user);
  // PostgreSQL sends what it has whenever 8 kB are full.
  client.send(query("SELECT repeat('x', 5000), CASE n WHEN 4 THEN pg_sleep(60) END FROM generate_series(1, 4) AS n"));
  expect((await client.frame()).type).toBe("T");
  expect((await client.frame()).type).toBe("D");
});

test("a parameter that changes is reported, and one that only the mirror changes is not", async () => {
  await using client = await RawClient.login(proxy, user);
  expect(types(await client.exchange(query("SET application_name = 'renamed'")))).toBe("CSZ");
  expect(types(await client.exchange(query("SET search_path = public")))).toBe("CZ");
});
