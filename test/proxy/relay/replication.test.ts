// Replication connections pass and are never mirrored: a mirror fed twice would apply every change twice.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { types, values } from "./relay.ts";

let database: TestDatabase;
let proxy: InlineProxy;

beforeAll(async () => {
  database = await createDatabase("replication");
  proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const parameters = (replication: string): Record<string, string> => ({
  user: "postgres",
  database: database.name,
  replication,
});

/** Server processes on the mirror that serve this test's database. */
const onMirror = (): Promise<Record<string, unknown>[]> =>
  database.onMirror(`SELECT FROM pg_stat_activity WHERE datname = '${database.name}' AND pid <> pg_backend_pid()`);

describe.each(["database", "true", "1", "ON", "yes"])("a connection with replication=%s", (replication) => {
  test("speaks the replication language with the primary; its requests are skipped for that reason", async () => {
    const before = (await proxy.tally(0)).skipped["replication"] ?? 0;
    await using client = await RawClient.login(proxy, parameters(replication));
    const [system] = values(await client.exchange(query("IDENTIFY_SYSTEM")));
    expect(system).toMatch(/^\d{15,}$/);
    expect(values(await client.exchange(query("SHOW server_version")))[0]).toMatch(/^16/);
    await waitFor(async () => (await proxy.tally(0)).skipped["replication"] === before + 2);
    expect(await proxy.eventsOf("queued")).toEqual([]);
    expect(await onMirror()).toEqual([]);
  });
});

test.each(["false", "off", "0", "no", "F"])(
  "a connection with replication=%s is an ordinary one",
  async (replication) => {
    await using own = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    await using client = await RawClient.login(own, parameters(replication));
    expect(types(await client.exchange(query("SELECT 1")))).toBe("TDCZ");
    expect(await own.outcomes(1)).toMatchObject([{ kind: "mirrored", parity: "match" }]);
  },
);
