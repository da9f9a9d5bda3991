import { expect, test } from "vitest";
import { BreakableProxy } from "./breakable-proxy.ts";
import { createDatabase, primary } from "./clusters.ts";
import { RawClient } from "./frames.ts";
import { query } from "./messages.ts";
import { waitFor } from "./wait-for.ts";

const POSTGRES = { user: "postgres", database: "postgres" };

test("bytes pass both ways untouched", async () => {
  await using database = await createDatabase("proxy");
  await using proxy = await BreakableProxy.to(database.primary);
  await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const frames = await client.exchange(query("SELECT repeat('x', 3000000)"));
  expect(frames.find(({ type }) => type === "D")!.body).toHaveLength(3_000_006);
  expect(proxy).toMatchObject({ accepted: 1, open: 1 });
});

test("refuse, close and silent meet new connections; relay comes back on the same port", async () => {
  await using proxy = await BreakableProxy.to(primary());
  await proxy.welcome("refuse");
  await expect(RawClient.connect(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await proxy.welcome("close");
  await using closed = await RawClient.connect(proxy);
  await closed.closed();
  await proxy.welcome("silent");
  await using silent = await RawClient.connect(proxy);
  silent.send(Buffer.from("anything"));
  await waitFor(() => proxy.open === 1);
  expect(silent.received).toHaveLength(0);
  await proxy.welcome("relay");
  await using client = await RawClient.login(proxy, POSTGRES);
  expect((await client.exchange(query("SELECT 1"))).at(-1)!.type).toBe("Z");
  expect(proxy.accepted).toBe(3);
});

test("a stalled connection says nothing until it is resumed, and loses nothing", async () => {
  await using proxy = await BreakableProxy.to(primary());
  await using client = await RawClient.login(proxy, POSTGRES);
  proxy.stall();
  let answered = false;
  const exchange = client.exchange(query("SELECT 1")).finally(() => (answered = true));
  // A connection made later, beside the proxy, has its answer: the stalled one isn't merely slow.
  await using direct = await RawClient.login(primary(), POSTGRES);
  await direct.exchange(query("SELECT 1"));
  expect(answered).toBe(false);
  proxy.resume();
  expect((await exchange).at(-1)!.type).toBe("Z");
});

test("a throttled connection takes the time that its bytes cost", async () => {
  await using proxy = await BreakableProxy.to(primary());
  await using client = await RawClient.login(proxy, POSTGRES);
  proxy.throttle(1_000_000);
  const startedMs = performance.now();
  await client.exchange(query("SELECT repeat('x', 300000)"));
  await client.exchange(query("SELECT 1"));
  expect(performance.now() - startedMs).toBeGreaterThan(250);
});

test("cut resets every connection", async () => {
  await using proxy = await BreakableProxy.to(primary());
  await using client = await RawClient.login(proxy, POSTGRES);
  proxy.cut();
  expect(await client.closed()).toBe("reset");
  await waitFor(() => proxy.open === 0);
});

test("what is injected or changed reaches the client as if the server had sent it", async () => {
  await using proxy = await BreakableProxy.to(primary());
  await using client = await RawClient.login(proxy, POSTGRES);
  proxy.inject(Buffer.from("N\0\0\0\x05\0"));
  expect((await client.frame()).type).toBe("N");
  proxy.fromServer = (chunk) => Buffer.from(chunk.toString("latin1").replaceAll("honest", "twisted"), "latin1");
  client.send(query("SELECT 'honest'"));
  await waitFor(() => client.received.includes("twisted"));
});
