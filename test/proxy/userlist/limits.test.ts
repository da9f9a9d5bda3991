// What holds while a client is asked for its password: it counts for max_connections, its time runs out, and a stop ends it.

import { afterEach, expect, test } from "vitest";
import { CLIENT_CONNECTIONS, FAILED_LOGINS, REFUSED_CONNECTIONS, REFUSED_LOGINS } from "../../../src/proxy/gauges.ts";
import { primary } from "../../helpers/clusters.ts";
import { RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { startupMessage } from "../../helpers/messages.ts";
import { loginScram, proofFor } from "../../helpers/scram-login.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal } from "../relay/relay.ts";
import { startUserlist } from "./userlist.ts";

const APP = { user: "postgres", database: "postgres" };
const STARTUP = startupMessage(APP);

let proxy: InlineProxy;

afterEach(() => proxy[Symbol.asyncDispose]());

const start = async (general: Record<string, number>): Promise<void> => {
  proxy = await startUserlist(primary(), [{ name: "postgres", password: "secret" }], { general });
};

async function asked(): Promise<RawClient> {
  const client = await RawClient.connect(proxy);
  client.send(STARTUP);
  await client.frame();
  return client;
}

test("clients that are asked, and clients that wait for their refusal, count for max_connections", async () => {
  await start({ max_connections: 2 });
  await using first = await asked();
  await using second = await RawClient.connect(proxy);
  second.send(await proofFor(second, APP, "guess"));
  await waitFor(() => proxy.gauges.sum(FAILED_LOGINS.password) === 1);
  await using third = await RawClient.connect(proxy);
  third.send(STARTUP);
  expect(await fatal(third)).toMatchObject({ C: "53300" });
  expect(proxy.gauges.sum(REFUSED_CONNECTIONS)).toBe(1);
  expect(await fatal(second)).toMatchObject({ C: "28P01" });
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 1);
  const { client } = await loginScram(proxy, APP, "secret");
  await client[Symbol.asyncDispose]();
  expect(first.received).not.toHaveLength(0);
});

test("a client that doesn't answer in time is told so, and is no failed login", async () => {
  await start({ login_timeout_ms: 200 });
  await using client = await asked();
  expect(await fatal(client)).toMatchObject({ C: "57014" });
  expect(proxy.gauges.sum(REFUSED_LOGINS)).toBe(1);
  expect(Object.values(FAILED_LOGINS).map((column) => proxy.gauges.sum(column))).toEqual([0, 0, 0, 0]);
});

test("a client whose time runs out while it waits for its refusal is refused, and counted once", async () => {
  await start({ login_timeout_ms: 400 });
  await using client = await RawClient.connect(proxy);
  client.send(await proofFor(client, APP, "guess"));
  expect(await fatal(client)).toMatchObject({ C: "28P01" });
  expect(proxy.gauges.sum(FAILED_LOGINS.password)).toBe(1);
  expect(proxy.gauges.sum(REFUSED_LOGINS)).toBe(0);
});

test("a stop ends clients that are asked, and those that wait, at once", async () => {
  await start({});
  await using client = await asked();
  await using waiting = await RawClient.connect(proxy);
  waiting.send(await proofFor(waiting, APP, "guess"));
  await waitFor(() => proxy.gauges.sum(FAILED_LOGINS.password) === 1);
  const stopped = proxy.stop();
  expect(await fatal(client)).toMatchObject({ C: "57P01" });
  expect(await fatal(waiting)).toMatchObject({ C: "57P01" });
  await stopped;
});

test("a client that leaves while it waits, or in the middle of a message, leaves nothing behind", async () => {
  await start({});
  const leaving = [await asked(), await asked(), await RawClient.connect(proxy)];
  leaving[1]!.send(Buffer.from("p\0\0\0\x40SCR"));
  leaving[2]!.send(await proofFor(leaving[2]!, APP, "guess"));
  await waitFor(() => proxy.gauges.sum(FAILED_LOGINS.password) === 1);
  for (const client of leaving) client.reset();
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0);
});

test("a password that a reload takes away lets nobody in who was asked for it before", async () => {
  await start({});
  await using client = await RawClient.connect(proxy);
  const proof = await proofFor(client, APP, "secret");
  const users = [{ name: "postgres", password: "another", scramVerifier: null, databases: [] }];
  await proxy.apply({}, { users });
  client.send(proof);
  expect(await fatal(client)).toMatchObject({ C: "28P01" });
  expect(proxy.gauges.sum(FAILED_LOGINS.password)).toBe(1);
});
