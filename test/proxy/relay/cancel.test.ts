// CancelRequest: reaches the request that it is meant for, on the primary and on the mirror, and harms nothing else.

import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, mirror, primary, type TestDatabase, withClient } from "../../helpers/clusters.ts";
import type { ServerAddress } from "../../helpers/clusters-setup.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { errorFields, type Frame, RawClient } from "../../helpers/frames.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";
import { cancelRequest, PROTOCOL_3_0, PROTOCOL_3_2, query, startupMessage } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { POSTGRES, startRelay, type Target, values } from "./relay.ts";

interface Session extends AsyncDisposable {
  readonly client: RawClient;
  readonly key: Buffer;
}

async function login(target: Target, parameters: Record<string, string>, protocol = PROTOCOL_3_0): Promise<Session> {
  const client = await RawClient.connect(target);
  client.send(startupMessage(parameters, protocol));
  const key = (await client.until("Z")).find(({ type }) => type === "K")!.body;
  return { client, key, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

/** Sends a CancelRequest as libpq does and waits until its connection is closed; nothing is ever said on it. */
async function cancel(target: Target, key: Buffer): Promise<void> {
  await using client = await RawClient.connect(target);
  client.send(cancelRequest(key.readInt32BE(0), key.subarray(4)));
  await client.closed();
  expect(client.received).toHaveLength(0);
}

/** Waits until the server process of this key sleeps in a statement: a cancel that comes earlier ends nothing. */
const asleep = (server: ServerAddress, key: Buffer): Promise<unknown> =>
  withClient({ ...server, database: "postgres" }, (client) =>
    waitFor(async () => {
      const sql = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
      return (await client.query(sql, [key.readInt32BE(0)])).rowCount === 1;
    }),
  );

const errorOf = (frames: readonly Frame[]): string | undefined => {
  const error = frames.find(({ type }) => type === "E");
  return error && errorFields(error)["C"];
};

describe("a CancelRequest", () => {
  test.each([
    { name: "with the key of protocol 3.0", server: () => primary(), protocol: PROTOCOL_3_0 },
    { name: "with the long key of protocol 3.2", server: () => mirror(), protocol: PROTOCOL_3_2 },
  ])("$name ends the running query with 57014; the session goes on", async ({ server, protocol }) => {
    await using relay = await startRelay(server());
    await using session = await login(relay, POSTGRES, protocol);
    session.client.send(query("SELECT pg_sleep(60)"));
    await asleep(server(), session.key);
    await cancel(relay, session.key);
    expect(errorOf(await session.client.until("Z"))).toBe("57014");
    expect(values(await session.client.exchange(query("SELECT 1")))).toEqual(["1"]);
  });

  test("names the server process that pg_backend_pid() names", async () => {
    await using relay = await startRelay(primary());
    await using session = await login(relay, POSTGRES);
    const [pid] = values(await session.client.exchange(query("SELECT pg_backend_pid()")));
    expect(Number(pid)).toBe(session.key.readInt32BE(0));
  });

  test("with a wrong key is closed without a word and ends nothing", async () => {
    await using relay = await startRelay(primary());
    await using session = await login(relay, POSTGRES);
    session.client.send(query("SELECT 'undisturbed' FROM pg_sleep(0.3)"));
    const wrong = Buffer.from(session.key);
    wrong[7]! ^= 1;
    await cancel(relay, wrong);
    await cancel(relay, Buffer.concat([session.key, Buffer.alloc(200)]));
    expect(values(await session.client.until("Z"))).toEqual(["undisturbed"]);
  });

  test("that comes too late ends nothing", async () => {
    await using relay = await startRelay(primary());
    await using session = await login(relay, POSTGRES);
    await session.client.exchange(query("SELECT 1"));
    await cancel(relay, session.key);
    expect(values(await session.client.exchange(query("SELECT 'next' FROM pg_sleep(0.1)")))).toEqual(["next"]);
    await session.client[Symbol.asyncDispose]();
    await cancel(relay, session.key);
  });

  test("of a session is closed even when the primary cannot be reached any more", async () => {
    await using network = await gateway(primary());
    await using relay = await startRelay(network);
    await using session = await login(relay, POSTGRES);
    network.refuse();
    await cancel(relay, session.key);
    expect(values(await session.client.exchange(query("SELECT 1")))).toEqual(["1"]);
  });

  test("storm of 200, right keys and wrong ones, is closed to the last and leaves the session in order", async () => {
    await using relay = await startRelay(primary());
    await using session = await login(relay, POSTGRES);
    session.client.send(query("SELECT pg_sleep(60)"));
    await asleep(primary(), session.key);
    const wrong = Buffer.from(session.key);
    wrong[7]! ^= 1;
    await Promise.all(Array.from({ length: 200 }, (_, n) => cancel(relay, n % 2 === 0 ? session.key : wrong)));
    expect(errorOf(await session.client.until("Z"))).toBe("57014");
    expect(values(await session.client.exchange(query("SELECT 1")))).toEqual(["1"]);
  });
});

describe("with a mirror", () => {
  let database: TestDatabase;
  let user: Record<string, string>;

  beforeAll(async () => {
    database = await createDatabase("cancelling");
    user = { user: "postgres", database: database.name };
  });

  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  /** Server processes of this test's database that run something on the mirror. */
  const busyOnMirror = async (): Promise<number> => {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = '${database.name}' AND query LIKE '%pg_sleep(60)%'
      AND state = 'active' AND pid <> pg_backend_pid()`;
    return (await database.onMirror(sql)).length;
  };

  test("the request stops there too, and what became of it there proves nothing", async () => {
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    await using session = await login(proxy, user);
    session.client.send(query("SELECT pg_sleep(60)"));
    await asleep(database.primary, session.key);
    await waitFor(async () => (await busyOnMirror()) === 1, { message: "the mirror runs it" });
    await cancel(proxy, session.key);
    expect(errorOf(await session.client.until("Z"))).toBe("57014");
    await waitFor(async () => (await busyOnMirror()) === 0, { message: "the mirror has stopped" });
    await session.client.exchange(query("SELECT 1"));
    const [cancelled, next] = await proxy.outcomes(2);
    expect(cancelled).toMatchObject({ kind: "mirrored", parity: "unverifiable" });
    expect(next).toMatchObject({ kind: "mirrored", parity: "match" });
  });

  test("a cancel that reaches the primary only when the next request runs makes that one unverifiable", async () => {
    await using network = await gateway(database.primary);
    await using proxy = await startInlineProxy(mirrorTables(network, database.mirror));
    await using session = await login(proxy, user);
    session.client.send(query("SELECT 'first' FROM pg_sleep(0.3)"));
    network.hold();
    const cancelled = cancel(proxy, session.key);
    await waitFor(() => network.held === 1);
    await session.client.until("Z");
    session.client.send(query("SELECT pg_sleep(60)"));
    await asleep(database.primary, session.key);
    await waitFor(async () => (await busyOnMirror()) === 1, { message: "the mirror runs the second" });
    network.release();
    await cancelled;
    expect(errorOf(await session.client.until("Z"))).toBe("57014");
    const [first, second] = await proxy.outcomes(2);
    expect(first).toMatchObject({ kind: "mirrored", parity: "unverifiable" });
    expect(second).toMatchObject({ kind: "mirrored", parity: "unverifiable" });
  });
});

/** The way to a server, where new connections can be made to wait or be refused while old ones go on. */
async function gateway(target: Target) {
  let welcome: "pass" | "hold" | "refuse" = "pass";
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    sockets.add(client);
    client.on("error", () => {});
    const open = (): void => {
      const onward = connect({ host: target.host, port: target.port, noDelay: true });
      sockets.add(onward);
      onward.on("error", () => {});
      client.pipe(onward).pipe(client);
    };
    if (welcome === "refuse") client.destroy();
    else if (welcome === "hold") waiting.push(open);
    else open();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: "127.0.0.1",
    port: address.port,
    hold: () => (welcome = "hold"),
    refuse: () => (welcome = "refuse"),
    release: () => {
      for (const open of waiting.splice(0)) open();
    },
    /** Connections that wait. */
    get held() {
      return waiting.length;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
