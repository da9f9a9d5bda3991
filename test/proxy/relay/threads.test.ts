// Several proxy threads on one port are one proxy: what a client may rely on does not depend on where it landed.

import { afterAll, beforeAll, expect, test } from "vitest";
import { primary } from "../../helpers/clusters.ts";
import { relayTables } from "../../helpers/config-text.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import { cancelRequest, query, startupMessage } from "../../helpers/messages.ts";
import { type RunningPgsoak, startPgsoak } from "../../helpers/start-pgsoak.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { POSTGRES } from "./relay.ts";

const MAX = 12;

let pgsoak: RunningPgsoak;

beforeAll(async () => {
  pgsoak = await startPgsoak({ ...relayTables(primary()), general: { threads: 3, max_connections: MAX } });
});

afterAll(async () => {
  await pgsoak[Symbol.asyncDispose]();
});

const free = (): Promise<unknown> =>
  waitFor(async () => {
    const metrics = await (await fetch(pgsoak.api("/metrics"))).text();
    return /^pgsoak_client_connections 0$/m.test(metrics);
  });

test("a CancelRequest finds its session on whichever thread it lands", async () => {
  const sessions = await Promise.all(
    Array.from({ length: MAX }, async () => {
      const client = await RawClient.connect(pgsoak.proxy);
      client.send(startupMessage(POSTGRES));
      const key = (await client.until("Z")).find(({ type }) => type === "K")!.body;
      client.send(query("SELECT pg_sleep(60)"));
      return { client, key };
    }),
  );
  await using direct = await RawClient.login(primary(), POSTGRES);
  const pids = sessions.map(({ key }) => key.readInt32BE(0)).join(", ");
  const asleep = `SELECT FROM pg_stat_activity WHERE pid IN (${pids}) AND wait_event = 'PgSleep'`;
  await waitFor(async () => (await direct.exchange(query(asleep))).filter(({ type }) => type === "D").length === MAX);
  // Each cancel is a connection of its own: that twelve of them all land where their sessions are is no luck to count on.
  await Promise.all(
    sessions.map(async ({ client, key }) => {
      await using cancel = await RawClient.connect(pgsoak.proxy);
      cancel.send(cancelRequest(key.readInt32BE(0), key.subarray(4)));
      await cancel.closed();
      const error = (await client.until("Z")).find(({ type }) => type === "E")!;
      expect(errorFields(error)["C"]).toBe("57014");
      await client[Symbol.asyncDispose]();
    }),
  );
  await free();
});

test("a CancelRequest that nobody knows is closed when every thread has been asked", async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await using cancel = await RawClient.connect(pgsoak.proxy);
      cancel.send(cancelRequest(n, Buffer.alloc(4)));
      await cancel.closed();
    }),
  );
});

test("max_connections is the limit of all threads together, however many come at once", async () => {
  await free();
  const clients = await Promise.all(Array.from({ length: 60 }, () => RawClient.connect(pgsoak.proxy)));
  for (const client of clients) client.send(startupMessage(POSTGRES));
  const answers = await Promise.all(
    clients.map(async (client) => {
      const { type } = await client.frame();
      return type;
    }),
  );
  const admitted = answers.filter((type) => type === "R").length;
  // Those who ask for the last slot in the same moment may all be refused it, but never all get it.
  expect(admitted).toBeLessThanOrEqual(MAX);
  expect(admitted).toBeGreaterThan(0);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  await free();
  await using again = await RawClient.login(pgsoak.proxy, POSTGRES);
  expect((await again.exchange(query("SELECT 1"))).at(-1)!.type).toBe("Z");
});
