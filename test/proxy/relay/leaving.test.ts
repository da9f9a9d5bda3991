// How clients leave, orderly or not, and what must be gone when they have.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CLIENT_CONNECTIONS,
  MIRROR_CONNECTIONS,
  MIRROR_SESSIONS,
  QUEUE_BYTES,
  SESSIONS,
} from "../../../src/proxy/gauges.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { copyData, query, startupMessage, terminate } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { startRelay, types, values } from "./relay.ts";

/** PostgreSQL must know within this time that a client is dead. */
const GONE_MS = 3000;

let database: TestDatabase;
let relay: InlineProxy;
let user: { user: string; database: string };

beforeAll(async () => {
  database = await createDatabase("leaving");
  await database.onBoth("CREATE TABLE item (id int)");
  user = { user: "postgres", database: database.name };
  relay = await startRelay(database.primary);
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Sessions that the primary still has for clients of this name. */
async function backends(application: string): Promise<number> {
  const [row] = await database.onPrimary(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = '${application}'`,
  );
  return Number(row!["n"]);
}

async function enter(application: string): Promise<RawClient> {
  const client = await RawClient.login(relay, { ...user, application_name: application });
  expect(await backends(application)).toBe(1);
  return client;
}

const gone = (application: string): Promise<unknown> =>
  waitFor(async () => (await backends(application)) === 0, { timeoutMs: GONE_MS, message: "the backend is gone" });

test("a client killed in a transaction: its server process is gone and its locks with it", async () => {
  await using client = await enter("killed");
  await client.exchange(query("BEGIN"), query("LOCK TABLE item"));
  client.reset();
  await gone("killed");
  await database.onPrimary("SELECT FROM item");
});

test("a client that resets in the middle of a result takes its server process with it", async () => {
  await using client = await enter("mid_result");
  client.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"));
  await client.until("T");
  client.reset();
  await gone("mid_result");
});

test("a client that dies inside a COPY leaves nothing of it behind", async () => {
  await using client = await enter("copying");
  client.send(query("COPY item FROM STDIN"));
  await client.until("G");
  client.send(copyData(Buffer.from("1\n2\n")), copyData(Buffer.alloc(70_000, "3\n")));
  client.reset();
  await gone("copying");
  expect(await database.onPrimary("SELECT FROM item")).toEqual([]);
});

test("a client that closes its side during a query still gets the whole answer", async () => {
  await using client = await RawClient.login(relay, user);
  client.send(query("SELECT pg_sleep(0.1); SELECT repeat('x', 3000000)"));
  client.halfClose();
  const frames = await client.until("Z");
  expect(types(frames)).toBe("TDCTDCZ");
  expect(values(frames)[1]).toHaveLength(3_000_000);
  expect(await client.closed()).toBe("end");
});

test("300 clients that come and go in every way leave no session, no server process and no gauge behind", async () => {
  await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
  const hello = startupMessage({ ...user, application_name: "crowd" });
  const ways: ((client: RawClient) => Promise<void> | void)[] = [
    (client) => client.reset(),
    (client) => client.halfClose(),
    (client) => {
      client.send(hello);
      client.reset();
    },
    (client) => {
      client.send(hello, query("SELECT 1"));
      client.halfClose();
    },
    async (client) => {
      client.send(hello);
      await client.until("Z");
      client.send(query("BEGIN"), query("INSERT INTO item VALUES (1)"));
      client.reset();
    },
    async (client) => {
      client.send(hello);
      await client.until("Z");
      await client.exchange(query("SELECT 1"));
      client.send(terminate());
      await client.closed();
    },
  ];
  for (let round = 0; round < 15; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await using client = await RawClient.connect(proxy);
        await ways[n % ways.length]!(client);
        if (n % ways.length === 1 || n % ways.length === 3) await client.closed();
      }),
    );
  }
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0, { message: "no client is left" });
  await waitFor(() => proxy.gauges.sumMirroring(0, MIRROR_SESSIONS) === 0, { message: "no mirror session is left" });
  expect(proxy.gauges.sum(SESSIONS)).toBe(0);
  expect(proxy.gauges.sum(QUEUE_BYTES)).toBe(0);
  expect(proxy.gauges.sumMirroring(0, MIRROR_CONNECTIONS)).toBe(0);
  await gone("crowd");
  expect(await database.onPrimary("SELECT FROM item")).toEqual([]);
});
