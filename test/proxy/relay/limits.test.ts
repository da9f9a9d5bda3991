// Limits that hold: each ends in an ErrorResponse with a fitting state, is counted and logged, and harms nobody else.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  CLIENT_CONNECTIONS,
  REFUSED_CONNECTIONS,
  REFUSED_LOGINS,
  REFUSED_MESSAGES,
} from "../../../src/proxy/gauges.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { primary, withClient } from "../../helpers/clusters.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import {
  bind,
  cancelRequest,
  copyData,
  execute,
  flush,
  frame,
  parse,
  query,
  startupMessage,
} from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, POSTGRES, startRelay, types, values } from "./relay.ts";

const startup = startupMessage(POSTGRES);

describe("client connections", () => {
  test("beyond max_connections are told 53300; a slot that becomes free is taken again", async () => {
    await using relay = await startRelay(primary(), { max_connections: 2 });
    await using first = await RawClient.login(relay, POSTGRES);
    await using second = await RawClient.login(relay, POSTGRES);
    await using third = await RawClient.connect(relay);
    third.send(startup);
    expect(await fatal(third)).toMatchObject({ S: "FATAL", C: "53300", M: "sorry, too many clients already" });
    expect(relay.gauges.sum(REFUSED_CONNECTIONS)).toBe(1);
    await waitFor(() => relay.lines.some(({ message }) => message === "client refused: too many connections"));
    expect(values(await first.exchange(query("SELECT 1")))).toEqual(["1"]);
    await second[Symbol.asyncDispose]();
    await waitFor(() => relay.gauges.sum(CLIENT_CONNECTIONS) === 1);
    await using fourth = await RawClient.login(relay, POSTGRES);
    expect(values(await fourth.exchange(query("SELECT 4")))).toEqual(["4"]);
  });

  test("are full, and a CancelRequest is served all the same", async () => {
    await using relay = await startRelay(primary(), { max_connections: 1 });
    await using client = await RawClient.connect(relay);
    client.send(startup);
    const key = (await client.until("Z")).find(({ type }) => type === "K")!.body;
    client.send(query("SELECT pg_sleep(60)"));
    const asleep = `SELECT FROM pg_stat_activity WHERE pid = ${key.readInt32BE(0)} AND wait_event = 'PgSleep'`;
    await withClient(primary(), (direct) => waitFor(async () => (await direct.query(asleep)).rowCount === 1));
    await using cancel = await RawClient.connect(relay);
    cancel.send(cancelRequest(key.readInt32BE(0), key.subarray(4)));
    await cancel.closed();
    expect(errorFields((await client.until("Z")).find(({ type }) => type === "E")!)["C"]).toBe("57014");
  });
});

describe("the time for a login", () => {
  test("ends 90 sockets that say nothing, or only the beginning of something, without a word", async () => {
    await using relay = await startRelay(primary(), { login_timeout_ms: 300 });
    const clients = await Promise.all(Array.from({ length: 90 }, () => RawClient.connect(relay)));
    for (const [n, client] of clients.entries()) if (n % 3 === 0) client.send(startup.subarray(0, n % 20));
    await Promise.all(clients.map((client) => client.closed()));
    for (const client of clients) expect(client.received).toHaveLength(0);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    expect(relay.gauges.sum(REFUSED_LOGINS)).toBe(90);
    await waitFor(() => relay.lines.some(({ message }) => message === "a client did not log in in time"));
  });

  test("is counted from the connection, not from the startup packet", async () => {
    await using network = await BreakableProxy.to(primary());
    await network.welcome("silent");
    await using relay = await startRelay(network, { login_timeout_ms: 1000 });
    await using client = await RawClient.connect(relay);
    const beganMs = performance.now();
    // Time itself is the rule here: most of it is spent before the packet is sent.
    await sleep(800);
    client.send(startup);
    expect(await fatal(client)).toMatchObject({ C: "57014" });
    expect(performance.now() - beganMs).toBeLessThan(1700);
  });

  test("is over with the login", async () => {
    await using relay = await startRelay(primary(), { login_timeout_ms: 200 });
    await using client = await RawClient.login(relay, POSTGRES);
    expect(values(await client.exchange(query("SELECT 'still here' FROM pg_sleep(0.4)")))).toEqual(["still here"]);
  });
});

describe("the length of a message", () => {
  const max = 100_000;
  const limited = { max_message_bytes: max };

  test.each([0, 3, -1, max + 1, 0x7fff_ffff])(
    "%i is 08P01 behind the answers to what came before, counted and logged",
    async (length) => {
      await using relay = await startRelay(primary(), limited);
      await using client = await RawClient.login(relay, POSTGRES);
      client.send(query("SELECT 1 FROM pg_sleep(0.1)"), query("SELECT 2"), frame("Q", Buffer.from("x"), length));
      expect(values(await client.until("Z"))).toEqual(["1"]);
      expect(values(await client.until("Z"))).toEqual(["2"]);
      expect(await fatal(client)).toMatchObject({ C: "08P01", M: `invalid message length: ${length >>> 0}` });
      expect(relay.gauges.sum(REFUSED_MESSAGES)).toBe(1);
      await waitFor(() => relay.lines.some(({ message }) => message.includes("invalid length")));
    },
  );

  test("at the limit passes", async () => {
    await using relay = await startRelay(primary(), limited);
    await using client = await RawClient.login(relay, POSTGRES);
    const text = `SELECT length('${"x".repeat(max)}')`.slice(0, max - 7);
    const longest = query(`${text}')`);
    expect(longest.readInt32BE(1)).toBe(max);
    expect(types(await client.exchange(longest))).toBe("TDCZ");
  });

  test("is refused behind an extended request that has no Sync yet, which nobody will answer", async () => {
    await using relay = await startRelay(primary(), limited);
    await using client = await RawClient.login(relay, POSTGRES);
    client.send(parse("", "SELECT 1"), bind("", ""), execute(""), frame("P", Buffer.from("x"), max + 1));
    expect(await fatal(client)).toMatchObject({ C: "08P01" });
  });

  test("is refused in the middle of a COPY, which will never end", async () => {
    await using relay = await startRelay(primary(), limited);
    await using client = await RawClient.login(relay, POSTGRES);
    await client.exchange(query("CREATE TEMP TABLE t (x text)"));
    client.send(query("COPY t FROM STDIN"), copyData(Buffer.from("a\n")), frame("d", Buffer.from("b"), max + 1));
    expect(await fatal(client)).toMatchObject({ C: "08P01" });
  });

  test("is the client's affair: the primary may say more", async () => {
    await using relay = await startRelay(primary(), limited);
    await using client = await RawClient.login(relay, POSTGRES);
    const [row] = values(await client.exchange(query("SELECT repeat('x', 3000000)")));
    expect(row).toHaveLength(3_000_000);
  });
});

test("1,000 Syncs sent before anything is read are 1,000 answers, and a deep pipeline is only slowed down", async () => {
  await using relay = await startRelay(primary());
  await using client = await RawClient.login(relay, POSTGRES);
  client.send(Buffer.concat(Array.from({ length: 1000 }, () => frame("S"))));
  for (let n = 0; n < 1000; n++) expect((await client.frame()).type).toBe("Z");
  const deep = 25_000;
  client.send(Buffer.concat(Array.from({ length: deep }, () => frame("S"))), parse("", "SELECT 1"), flush());
  for (let n = 0; n < deep; n++) await client.frame();
  expect((await client.frame()).type).toBe("1");
});

test("a pipeline deeper than is read goes on when the server throws most of it away", async () => {
  await using relay = await startRelay(primary());
  await using client = await RawClient.login(relay, POSTGRES);
  const thrownAway = Buffer.concat(Array<Buffer>(25_000).fill(query("SELECT 1")));
  // Until the first is answered, all the others count.
  client.send(query("SELECT pg_sleep(0.2)"), parse("", "SELECT wrong syntax"), thrownAway, frame("S"));
  expect(types(await client.until("Z"))).toBe("TDCZ");
  expect(types(await client.until("Z"))).toBe("EZ");
});
