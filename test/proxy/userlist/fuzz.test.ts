// Whatever a client says while pgsoak asks for its password: nobody gets in without the right proof, no server hears of it,
// and the next one is served as if nothing had been.

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLIENT_CONNECTIONS } from "../../../src/proxy/gauges.ts";
import { FakeServer } from "../../helpers/fake-server.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { frame, password, query, startupMessage, sync, terminate } from "../../helpers/messages.ts";
import { loginScram, proofFor, saslInitial, saslResponse } from "../../helpers/scram-login.ts";
import { welcome } from "../../helpers/server-messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { startUserlist } from "./userlist.ts";

const SECRET = "correct horse battery staple";
const APP = { user: "app", database: "postgres" };
/** So many clients at once: a wrong proof is answered half a second later. */
const TOGETHER = 60;

let primary: FakeServer;
let proxy: InlineProxy;

beforeAll(async () => {
  primary = await FakeServer.start(async (peer) => {
    await peer.startup();
    peer.send(welcome());
  });
  const general = { login_timeout_ms: 3000 };
  proxy = await startUserlist(primary, [{ name: "app", password: SECRET }], { general });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
});

const bytes = (max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
const attributes = fc.array(
  fc.constantFrom("n,,", "y,,", "p=x,,", "n=", "r=abc", "c=biws", "p=", "a=", ",", "\0", "é"),
);
const scram = attributes.map((parts) => Buffer.from(parts.join(",")));
const message = fc.oneof(
  bytes(64),
  bytes(64).map((body) => frame("p", body)),
  fc.tuple(bytes(40), fc.integer()).map(([body, length]) => frame("p", body, length)),
  scram.map((data) => saslInitial(data)),
  fc.tuple(scram, fc.integer({ min: -3, max: 90 })).map(([data, length]) => saslInitial(data, undefined, length)),
  scram.map((data) => saslResponse(data)),
  fc.constantFrom(query("SELECT 1"), sync(), terminate(), password(SECRET), startupMessage({ user: "postgres" })),
  fc.constant(saslInitial("n,,n=,r=abcdefgh")),
  fc.constant(saslResponse(`c=biws,r=abcdefgh,p=${Buffer.alloc(32).toString("base64")}`)),
);
/** What one client sends, each on its own or all in one piece, and whether it then waits. */
const conversation = fc.record({
  user: fc.constantFrom("app", "nobody", "app\u0001"),
  messages: fc.array(message, { minLength: 1, maxLength: 5 }),
  inOnePiece: fc.boolean(),
  leaves: fc.boolean(),
});

async function converse(it: {
  user: string;
  messages: readonly Buffer[];
  inOnePiece: boolean;
  leaves: boolean;
}): Promise<Buffer> {
  await using client = await RawClient.connect(proxy);
  const startup = startupMessage({ ...APP, user: it.user });
  if (it.inOnePiece) client.send(startup, ...it.messages);
  else for (const each of [startup, ...it.messages]) client.send(each);
  // An honest client would go on; one that says no more is waited for.
  if (it.leaves) client.halfClose();
  else client.send(query("SELECT 'in'"));
  await client.closed();
  return client.received;
}

test("no sequence of messages lets anybody in", async () => {
  const before = primary.accepted;
  await fc.assert(
    fc.asyncProperty(fc.array(conversation, { minLength: TOGETHER, maxLength: TOGETHER }), async (conversations) => {
      for (const heard of await Promise.all(conversations.map(converse))) {
        expect(heard.includes("in\0")).toBe(false);
        expect(heard.includes(SECRET)).toBe(false);
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
  expect(primary.accepted).toBe(before);
  expect(JSON.stringify(proxy.lines)).not.toContain(SECRET);
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0);
  const { client } = await loginScram(proxy, APP, SECRET);
  await client[Symbol.asyncDispose]();
});

test("no bit of the proof may be another one", async () => {
  const before = primary.accepted;
  const attempt = async (bit: number): Promise<string> => {
    await using client = await RawClient.connect(proxy);
    const proof = await proofFor(client, APP, SECRET);
    const text = proof.toString("latin1");
    const at = text.indexOf(",p=") + 3;
    const decoded = Buffer.from(text.slice(at), "base64");
    decoded[bit >> 3]! ^= 1 << (bit & 7);
    client.send(Buffer.from(text.slice(0, at) + decoded.toString("base64"), "latin1"));
    return errorFields((await client.until("E")).at(-1)!)["C"]!;
  };
  const bits = Array.from({ length: 256 }, (_, bit) => bit).filter((bit) => bit % 5 === 0);
  const answers = await Promise.all(bits.map(attempt));
  expect(new Set(answers)).toEqual(new Set(["28P01"]));
  expect(primary.accepted).toBe(before);
});

test("a proof is good for one exchange: another connection can't say it again", async () => {
  await using first = await RawClient.connect(proxy);
  const proof = await proofFor(first, APP, SECRET);
  await using second = await RawClient.connect(proxy);
  await proofFor(second, APP, SECRET);
  second.send(proof);
  expect(errorFields((await second.until("E")).at(-1)!)).toMatchObject({ C: "08P01", D: "Nonce does not match." });
});
