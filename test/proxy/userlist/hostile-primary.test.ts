// A primary that is none, or that somebody has put in its place, while pgsoak logs in to it in a client's name.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Behaviour, FakeServer, type FakePeer } from "../../helpers/fake-server.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { frame, query } from "../../helpers/messages.ts";
import { proofFor } from "../../helpers/scram-login.ts";
import {
  authentication,
  authenticationOk,
  noticeResponse,
  readyForQuery,
  saslContinue,
  saslFinal,
  saslOffer,
} from "../../helpers/server-messages.ts";
import { startUserlist } from "./userlist.ts";

const SECRET = "correct horse";
const APP = { user: "app", database: "postgres" };

let primary: FakeServer;
let proxy: InlineProxy;
/** All that the primary was told, over all connections. */
const told: Buffer[] = [];

beforeAll(async () => {
  primary = await FakeServer.start(() => {});
  proxy = await startUserlist(primary, [{ name: "app", password: SECRET }], { general: { login_timeout_ms: 1500 } });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
});

const OFFER = saslOffer("SCRAM-SHA-256");

const says =
  (...messages: readonly Buffer[]): Behaviour =>
  async (peer) => {
    await peer.startup();
    peer.send(...messages);
    await listen(peer);
  };

/** Answers the client-first-message with this challenge. */
const challenges =
  (text: (nonce: string) => string, ...more: readonly Buffer[]): Behaviour =>
  async (peer) => {
    await peer.startup();
    peer.send(OFFER);
    const { body } = await peer.frame();
    const nonce = body.toString("latin1").split("r=")[1]!;
    peer.send(saslContinue(text(nonce)), ...more);
    await listen(peer);
  };

async function listen(peer: FakePeer): Promise<void> {
  for (;;) told.push((await peer.frame()).bytes);
}

const SALT = "c2FsdA==";

test.each<[string, Behaviour, string]>([
  ["is ready before it has let anybody in", says(readyForQuery()), "went on before it had let pgsoak in"],
  ["sends rows before that", says(frame("D", Buffer.alloc(2))), "went on before it had let pgsoak in"],
  [
    "says something for the client in the same breath",
    says(Buffer.concat([noticeResponse("hello"), readyForQuery()])),
    "went on before it had let pgsoak in",
  ],
  ["claims a message of 2 GB", says(frame("R", Buffer.alloc(0), 0x7fff_ffff)), "a message of an invalid length"],
  ["claims a message of 3 bytes", says(frame("R", Buffer.alloc(0), 3)), "a message of an invalid length"],
  ["asks for Kerberos", says(authentication(7)), "authentication method 7"],
  ["offers no SCRAM that pgsoak has", says(saslOffer("SCRAM-SHA-1")), "does not offer SCRAM-SHA-256"],
  ["sends half an Authentication message", says(frame("R", Buffer.alloc(2))), "malformed"],
  ["says Ok in the middle of the exchange", says(OFFER, authenticationOk()), "out of order"],
  ["wants 10 million iterations", challenges((n) => `r=${n}x,s=${SALT},i=10000000`), "at most 600000 are done"],
  ["sends another nonce", challenges(() => `r=other,s=${SALT},i=4096`), "does not continue ours"],
  ["sends a nonce of 2 kB", challenges((n) => `r=${n}${"x".repeat(2000)},s=${SALT},i=4096`), "does not continue ours"],
  [
    "says Ok without proving that it knows the password",
    challenges((n) => `r=${n}x,s=${SALT},i=1`, authenticationOk()),
    "out of order",
  ],
  [
    "signs with something else",
    challenges((n) => `r=${n}x,s=${SALT},i=1`, saslFinal(`v=${"A".repeat(43)}=`)),
    "out of order",
  ],
])("a primary that %s is left, and the client told that it can't be entered", async (_name, behaviour, reason) => {
  primary.behaviour = behaviour;
  await using client = await RawClient.connect(proxy);
  client.send(await proofFor(client, APP, SECRET), query("SELECT 'a secret of the client'"));
  const frames = await client.until("E");
  expect(errorFields(frames.at(-1)!)).toMatchObject({ S: "FATAL", C: "28000", D: expect.stringContaining(reason) });
  expect(frames.map(({ type }) => type).join("")).toBe("RE");
  await client.closed();
  const heard = Buffer.concat(told).toString("latin1");
  expect(heard).not.toContain("a secret of the client");
  expect(heard).not.toContain(SECRET);
});

test("a primary that says nothing is waited for until the login's time is over", async () => {
  primary.behaviour = () => {};
  await using client = await RawClient.connect(proxy);
  client.send(await proofFor(client, APP, SECRET));
  expect(errorFields((await client.until("E")).at(-1)!)).toMatchObject({ C: "57014" });
});

test("a primary that closes in the middle of the login is an end for the client too", async () => {
  primary.behaviour = async (peer) => {
    await peer.startup();
    peer.send(OFFER);
    peer.socket.end();
  };
  await using client = await RawClient.connect(proxy);
  client.send(await proofFor(client, APP, SECRET));
  expect(await client.closed()).toBe("end");
});
