// What waits for the first wanted request of its transaction, when there is no room for it to wait.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { type ConfigTables, mirrorTables } from "../../helpers/config-text.ts";
import { FakeServer, relayTo } from "../../helpers/fake-server.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query } from "../../helpers/messages.ts";

const QUEUE_LENGTH = 5;
const SAVEPOINTS = 50;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("deferred");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const filtered = { level: "ddl", queue_length: QUEUE_LENGTH } as const;

const login = (proxy: InlineProxy) => RawClient.login(proxy, { user: "postgres", database: database.name });

async function ask(client: RawClient, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.exchange(query(text));
}

const savepoints = (count: number): string[] => Array.from({ length: count }, (_, index) => `SAVEPOINT s${index}`);

test("a transaction may open as much as it likes: no more of it waits than fits into the queue", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, filtered));
  await using client = await login(proxy);
  await ask(client, "BEGIN", ...savepoints(SAVEPOINTS));
  // It is still open, so nothing but the want of room has decided about these.
  expect(await proxy.tally(SAVEPOINTS + 1)).toMatchObject({ skipped: { filter: SAVEPOINTS + 1 } });
});

test("a transaction of which not all could wait is dropped from its first wanted request on; the next one is mirrored", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, filtered));
  await using client = await login(proxy);
  await ask(client, "BEGIN", ...savepoints(SAVEPOINTS), "CREATE TABLE never (id int)", "SAVEPOINT last", "ROLLBACK");
  await ask(client, "BEGIN", "CREATE TABLE wanted (id int)", "ROLLBACK");
  const outcomes = await proxy.outcomes(6);
  expect(outcomes.map((outcome) => (outcome.kind === "dropped" ? outcome.reason : outcome.kind))).toEqual([
    "buffer_full",
    "buffer_full",
    "buffer_full",
    "mirrored",
    "mirrored",
    "mirrored",
  ]);
  expect(await proxy.tally(SAVEPOINTS + 7)).toMatchObject({ skipped: { filter: SAVEPOINTS + 1 } });
});

test("what one mirroring has no room for, another one mirrors all the same", async () => {
  const { databases = [], mirroring = [] } = mirrorTables(database.primary, database.mirror, filtered);
  await using server = await FakeServer.start(relayTo(database.mirror));
  const tables: ConfigTables = {
    databases: [...databases, { ...databases.at(-1)!, name: "roomy", port: server.port }],
    mirroring: [...mirroring, { source_db: "*", destination_db: "roomy" }],
  };
  await using proxy = await startInlineProxy(tables);
  await using client = await login(proxy);
  await ask(client, "BEGIN", ...savepoints(SAVEPOINTS), "COMMIT");
  const outcomes = await proxy.outcomes(SAVEPOINTS + 2);
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["mirrored"]));
});
