import { afterAll, beforeAll, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const SESSIONS = 12;
/** The shortest back-off is 250 ms; one that was doubled three times would still be found here. */
const BACK_MS = 2000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("backoff");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

test("many requests that are lost at once are one failure: the mirror is tried again after the shortest back-off", async () => {
  await using network = await BreakableProxy.to(database.mirror);
  await using proxy = await startInlineProxy(mirrorTables(database.primary, network));
  const clients = await Promise.all(
    Array.from({ length: SESSIONS }, () => RawClient.login(proxy, { user: "postgres", database: database.name })),
  );
  try {
    await Promise.all(clients.map((client) => client.exchange(query("SELECT 1"))));
    await proxy.outcomes(SESSIONS);
    network.stall();
    await Promise.all(clients.map((client) => client.exchange(query("SELECT 2"))));
    network.cut();
    network.resume();
    await proxy.outcomes(2 * SESSIONS);
    const mirrored = async (): Promise<boolean> => {
      await clients[0]!.exchange(query("SELECT 3"));
      return (await proxy.eventsOf("mirrored")).length > SESSIONS;
    };
    await waitFor(mirrored, { timeoutMs: BACK_MS, message: "it mirrors again" });
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
  expect((await proxy.eventsOf("errored")).every((event) => event.category === "connection")).toBe(true);
});
