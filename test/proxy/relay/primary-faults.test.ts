// A primary that is down, refuses, falls silent or dies: clients hear PostgreSQL's words, or a clean end.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { CLIENT_CONNECTIONS, REFUSED_LOGINS } from "../../../src/proxy/gauges.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, primary, type TestDatabase } from "../../helpers/clusters.ts";
import { RawClient } from "../../helpers/frames.ts";
import { query, startupMessage } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, lastWords, POSTGRES, startRelay, values } from "./relay.ts";

const startup = startupMessage(POSTGRES);

/** Whether the other side has let go of the connection altogether, not just of its own direction. */
const letGo = (client: RawClient): Promise<unknown> =>
  waitFor(
    () => {
      if (!client.socket.destroyed) client.send(Buffer.of(0));
      return client.socket.destroyed;
    },
    { message: "the connection is gone" },
  );

describe("a primary that refuses", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase("refusing");
    await database.onPrimary(`CREATE ROLE ${database.name}_none LOGIN CONNECTION LIMIT 0`);
  });

  afterAll(async () => {
    await database.onPrimary(`DROP ROLE ${database.name}_none`);
    await database[Symbol.asyncDispose]();
  });

  test.each([
    {
      sqlstate: "53300",
      why: "its own limit",
      who: () => ({ user: `${database.name}_none`, database: database.name }),
    },
    { sqlstate: "3D000", why: "an unknown database", who: () => ({ user: "postgres", database: "never made" }) },
    { sqlstate: "28000", why: "an unknown role", who: () => ({ user: "nobody here", database: "postgres" }) },
    { sqlstate: "22023", why: "a wrong setting", who: () => ({ ...POSTGRES, client_encoding: "morse" }) },
  ])("for $why is heard byte for byte ($sqlstate)", async ({ sqlstate, who }) => {
    await using relay = await startRelay(primary());
    const there = await lastWords(primary(), startupMessage(who()));
    expect(there.toString("latin1")).toContain(`C${sqlstate}\0`);
    expect(await lastWords(relay, startupMessage(who()))).toEqual(there);
  });
});

describe("a primary that cannot be reached", () => {
  test("is 57P03 for the client, and the whole connection goes even if the client keeps its side", async () => {
    await using network = await BreakableProxy.to(primary());
    await network.welcome("refuse");
    await using relay = await startRelay(network);
    await using client = await RawClient.connect(relay);
    client.send(startup, query("SELECT 'never asked'"));
    expect(await fatal(client)).toMatchObject({ S: "FATAL", C: "57P03", M: "the primary server cannot be reached" });
    await letGo(client);
    await waitFor(() => relay.gauges.sum(CLIENT_CONNECTIONS) === 0);
    await waitFor(() => relay.lines.some(({ message }) => message === "the primary cannot be reached"));
  });

  test("that takes the connection and closes it is a clean end", async () => {
    await using network = await BreakableProxy.to(primary());
    await network.welcome("close");
    await using relay = await startRelay(network);
    await using client = await RawClient.connect(relay);
    client.send(startup);
    await client.closed();
    expect(client.received).toHaveLength(0);
  });

  test("that never answers a login costs the client its login time, and it is told", async () => {
    await using network = await BreakableProxy.to(primary());
    await network.welcome("silent");
    await using relay = await startRelay(network, { login_timeout_ms: 200 });
    await using client = await RawClient.connect(relay);
    client.send(startup);
    expect(await fatal(client)).toMatchObject({ C: "57014", M: "canceling authentication due to timeout" });
    expect(relay.gauges.sum(REFUSED_LOGINS)).toBe(1);
  });
});

describe("a primary that ends a session", () => {
  test("is heard byte for byte, and the slot is free though the client keeps its side open", async () => {
    await using relay = await startRelay(primary());
    await using client = await RawClient.login(relay, POSTGRES);
    const [pid] = values(await client.exchange(query("SELECT pg_backend_pid()")));
    await using direct = await RawClient.login(primary(), POSTGRES);
    await direct.exchange(query(`SELECT pg_terminate_backend(${pid})`));
    const words = await fatal(client);
    expect(words).toMatchObject({ C: "57P01", M: "terminating connection due to administrator command" });
    expect(words["R"]).toBe("ProcessInterrupts");
    await waitFor(() => relay.gauges.sum(CLIENT_CONNECTIONS) === 0, { message: "the slot is free" });
    await letGo(client);
  });

  test("by a reset in the middle of an answer ends it for the client too", async () => {
    await using network = await BreakableProxy.to(primary());
    await using relay = await startRelay(network);
    await using client = await RawClient.login(relay, POSTGRES);
    client.send(query("SELECT repeat('x', 1000), pg_sleep(0.001) FROM generate_series(1, 100000)"));
    await client.until("D");
    network.cut();
    await client.closed();
    await waitFor(() => relay.gauges.sum(CLIENT_CONNECTIONS) === 0);
  });
});

describe("a primary that is killed and started again", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major: 16 });
  });

  afterAll(async () => {
    await server.stop();
  });

  test("ends every session, is 57P03 while it is down, and serves as before when it is back", async () => {
    await using relay = await startRelay(server);
    await using idle = await RawClient.login(relay, POSTGRES);
    await using busy = await RawClient.login(relay, POSTGRES);
    busy.send(query("SELECT pg_sleep(60)"));
    await server.kill();
    await Promise.all([idle.closed(), busy.closed()]);
    await using refused = await RawClient.connect(relay);
    refused.send(startup);
    expect(await fatal(refused)).toMatchObject({ C: "57P03" });
    await server.restart();
    await using back = await RawClient.login(relay, POSTGRES);
    expect(values(await back.exchange(query("SELECT 1")))).toEqual(["1"]);
  });
});
