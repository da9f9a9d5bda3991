// The first packets of a connection, held against what PostgreSQL itself says to the same bytes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mirror, primary } from "../../helpers/clusters.ts";
import { errorFields, type Frame, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { gssRequest, PROTOCOL_3_2, query, sslRequest, startupMessage, untyped } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { REFUSED_LOGINS } from "../../../src/proxy/gauges.ts";
import { lastWords, POSTGRES, startRelay, types, values } from "./relay.ts";

let relay16: InlineProxy;
let relay18: InlineProxy;

beforeAll(async () => {
  relay16 = await startRelay(primary());
  relay18 = await startRelay(mirror());
});

afterAll(async () => {
  await relay16[Symbol.asyncDispose]();
  await relay18[Symbol.asyncDispose]();
});

const startup = startupMessage(POSTGRES);
const header = (length: number): Buffer => untyped(Buffer.from([0, 3, 0, 0]), length);

/** The login's frames by type, and BackendKeyData's length: its content is the server's secret. */
async function login(
  target: { host: string; port: number },
  packet: Buffer,
): Promise<{ frames: Frame[]; key: Buffer }> {
  await using client = await RawClient.connect(target);
  client.send(packet);
  const frames = await client.until("Z");
  return { frames, key: frames.find(({ type }) => type === "K")!.body };
}

const withoutKey = (frames: readonly Frame[]): Frame[] => frames.filter(({ type }) => type !== "K");

describe.each([
  { major: 16, direct: () => primary(), relay: () => relay16 },
  { major: 18, direct: () => mirror(), relay: () => relay18 },
])("a client of PostgreSQL $major", ({ major, direct, relay }) => {
  test.each([
    { name: "3.0", packet: startup },
    { name: "3.2", packet: startupMessage(POSTGRES, PROTOCOL_3_2) },
    { name: "3.9, which nobody has", packet: startupMessage(POSTGRES, 0x0003_0009) },
    { name: "3.0 with an option that nobody knows", packet: startupMessage({ ...POSTGRES, "_pq_.unheard_of": "1" }) },
    {
      name: "3.2 with an option that nobody knows",
      packet: startupMessage({ ...POSTGRES, "_pq_.x": "" }, PROTOCOL_3_2),
    },
  ])(
    "logs in with protocol $name as it does directly, NegotiateProtocolVersion and key length included",
    async ({ packet }) => {
      const there = await login(direct(), packet);
      const here = await login(relay(), packet);
      expect(withoutKey(here.frames)).toEqual(withoutKey(there.frames));
      expect(types(here.frames)).toBe(types(there.frames));
      expect(here.key).toHaveLength(there.key.length);
    },
  );

  test("gets the key of 32 bytes that protocol 3.2 has since 18, and one of 4 before", async () => {
    const { key } = await login(relay(), startupMessage(POSTGRES, PROTOCOL_3_2));
    expect(key).toHaveLength(major === 18 ? 36 : 8);
  });

  test.each([
    ["SSLRequest", [sslRequest()]],
    ["GSSENCRequest", [gssRequest()]],
    ["SSLRequest, then GSSENCRequest", [sslRequest(), gssRequest()]],
    ["GSSENCRequest, then SSLRequest", [gssRequest(), sslRequest()]],
  ])("is answered N to %s and may go on in plaintext", async (_, requests) => {
    await using client = await RawClient.connect(relay());
    for (const request of requests) {
      client.send(request);
      expect(await client.byte()).toBe("N");
    }
    client.send(startup);
    expect(types(await client.until("Z"))).toMatch(/^RS+KZ$/);
  });

  test.each([
    ["SSLRequest twice", [sslRequest(), sslRequest()]],
    ["GSSENCRequest twice", [gssRequest(), gssRequest()]],
    ["SSLRequest again behind a GSSENCRequest", [sslRequest(), gssRequest(), sslRequest()]],
    ["GSSENCRequest again behind an SSLRequest", [gssRequest(), sslRequest(), gssRequest()]],
    ["a startup packet ahead of the answer to SSLRequest", [Buffer.concat([sslRequest(), startup])]],
    ["a startup packet ahead of the answer to GSSENCRequest", [Buffer.concat([gssRequest(), startup])]],
    ["protocol 2.0", [startupMessage(POSTGRES, 0x0002_0000)]],
    ["protocol 4.0", [startupMessage(POSTGRES, 0x0004_0000)]],
    ["no user", [startupMessage({ database: "postgres" })]],
    ["an empty user", [startupMessage({ user: "", database: "postgres" })]],
    ["no terminator", [untyped(Buffer.from("\0\x03\0\0user\0postgres\0"))]],
    ["a value without a name's end", [untyped(Buffer.from("\0\x03\0\0user"))]],
    ["a startup length of 0", [header(0)]],
    ["a startup length of 7", [header(7)]],
    ["a startup length of -1", [header(-1)]],
    ["a startup length of 2 GB", [header(0x7fff_ffff)]],
    ["HTTP", [Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]],
    ["SSH", [Buffer.from("SSH-2.0-OpenSSH_9.2p1\r\n")]],
    ["TLS without asking", [Buffer.from("16030100c8010000c40303", "hex")]],
    ["a CancelRequest without a key", [untyped(Buffer.from("04d2162e00000001", "hex"))]],
  ])("is turned away as PostgreSQL does for %s", async (_, packets) => {
    const there = await lastWords(direct(), ...packets);
    const here = await lastWords(relay(), ...packets);
    expect(comparable(here)).toEqual(comparable(there));
  });

  test("may send its startup packet byte by byte", async () => {
    await using client = await RawClient.connect(relay());
    for (const byte of startup) client.send(Buffer.of(byte));
    await client.until("Z");
    expect(values(await client.exchange(query("SELECT 42")))).toEqual(["42"]);
  });

  test("may send its startup packet and two queries at once", async () => {
    await using client = await RawClient.connect(relay());
    client.send(startup, query("SELECT 'first'"), query("SELECT 'second'"));
    await client.until("Z");
    expect(values(await client.until("Z"))).toEqual(["first"]);
    expect(values(await client.until("Z"))).toEqual(["second"]);
  });

  test("may close its side behind the startup packet and still hears all of the answer", async () => {
    await using client = await RawClient.connect(relay());
    client.send(startup, query("SELECT 'heard'"));
    client.halfClose();
    await client.until("Z");
    expect(values(await client.until("Z"))).toEqual(["heard"]);
    expect(await client.closed()).toBe("end");
  });
});

test("a client that closes its side behind the startup packet alone hears the login's answer", async () => {
  await using client = await RawClient.connect(relay16);
  client.send(startup);
  client.halfClose();
  expect(types(await client.until("Z"))).toMatch(/^RS+KZ$/);
});

test("a startup packet of 10,001 bytes is refused at its length, before any of it is kept", async () => {
  expect(await lastWords(relay16, header(10_001))).toHaveLength(0);
});

test("what is turned away at the door is counted and logged", async () => {
  await using relay = await startRelay(primary());
  await lastWords(relay, header(7));
  await lastWords(relay, startupMessage(POSTGRES, 0x0004_0000));
  expect(relay.gauges.sum(REFUSED_LOGINS)).toBe(2);
  await waitFor(() => relay.lines.filter(({ message }) => message === "connection refused before login").length === 2);
});

/** What must be the same: single bytes, and of an error everything but PostgreSQL's own source position and versions. */
function comparable(bytes: Buffer): unknown {
  const at = bytes.indexOf("E");
  if (at < 0 || bytes.subarray(at, at + 6).toString() === "EFATAL") return spoken(bytes.toString("latin1"));
  const frame = { type: "E", body: bytes.subarray(at + 5) };
  const { S, V, C, M, D } = errorFields(frame);
  return { before: bytes.toString("latin1", 0, at), S, V, C, M: spoken(M!), D };
}

/** Each server names the versions that it speaks itself. */
const spoken = (text: string): string => text.replace(/server supports 3\.0 to 3\.\d/, "server supports …");
