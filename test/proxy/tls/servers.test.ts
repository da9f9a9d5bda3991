// TLS to the servers: what each mode takes and refuses, and what a client, the log and the events hear of it.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT_CONNECTIONS, MIRROR_CONNECTIONS } from "../../../src/proxy/gauges.ts";
import { Authority, type Certified, selfSigned } from "../../helpers/certificates.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, primary, type TestDatabase } from "../../helpers/clusters.ts";
import { type Behaviour, FakeServer, relayTo } from "../../helpers/fake-server.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { cancelRequest, query, startupMessage } from "../../helpers/messages.ts";
import { behindTls, type Handshaken } from "../../helpers/tls-front.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, lastWords, type Target, values } from "../relay/relay.ts";

type Kind = "good" | "expired" | "early" | "elsewhere" | "self_signed" | "unknown";

let database: TestDatabase;
let authority: Authority;
let certified: Record<Kind, Certified>;
let folder: string;
let caFile: string;

beforeAll(async () => {
  database = await createDatabase("tls_servers");
  authority = await Authority.create("trusted");
  const stranger = await Authority.create("stranger");
  certified = {
    good: await authority.issue(),
    expired: await authority.issue({ fromHours: -48, toHours: -24 }),
    early: await authority.issue({ fromHours: 24, toHours: 48 }),
    elsewhere: await authority.issue({ hosts: ["elsewhere.example"] }),
    self_signed: await selfSigned(),
    unknown: await stranger.issue(),
  };
  folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-tls-servers-"));
  caFile = join(folder, "ca.pem");
  writeFileSync(caFile, authority.certificate);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database[Symbol.asyncDispose]();
});

interface Entry {
  readonly tls: string;
  readonly tls_ca?: string;
}

const startup = () => startupMessage({ user: "postgres", database: database.name });
const relay = ({ host, port }: Target, entry: Entry, general = {}): Promise<InlineProxy> =>
  startInlineProxy({ databases: [{ name: "*", host, port, ...entry }], general });
const answered = async (proxy: Target): Promise<string[]> => {
  await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
  return values(await client.exchange(query("SELECT 'there'")));
};
/** The primary in the clear, and the candidate behind the server that is tried. */
const mirroredTo = ({ host, port }: Target, entry: Entry): Promise<InlineProxy> =>
  startInlineProxy({
    databases: [
      { name: "*", host: primary().host, port: primary().port, tls: "disable" },
      { name: "candidate", host, port, user: "postgres", ...entry },
    ],
    mirroring: [{ source_db: "*", destination_db: "candidate" }],
  });

const EXPIRED = "its certificate has expired";
const EARLY = "its certificate is not valid yet";
const ELSEWHERE = "its certificate is for another host";
const SELF = "its certificate is self-signed and not trusted";
const STRANGE = "its certificate leads to an authority that is not trusted";

interface Case {
  readonly kind: Kind;
  readonly mode: string;
  /** Whether the authority is given; default so. */
  readonly ca?: false;
  /** Null: it works. */
  readonly reason: string | null;
}

const CASES: readonly Case[] = [
  { kind: "good", mode: "verify-full", reason: null },
  { kind: "expired", mode: "verify-full", reason: EXPIRED },
  { kind: "early", mode: "verify-full", reason: EARLY },
  { kind: "elsewhere", mode: "verify-full", reason: ELSEWHERE },
  { kind: "self_signed", mode: "verify-full", reason: SELF },
  { kind: "unknown", mode: "verify-full", reason: STRANGE },
  { kind: "elsewhere", mode: "verify-ca", reason: null },
  { kind: "expired", mode: "verify-ca", reason: EXPIRED },
  { kind: "unknown", mode: "verify-ca", reason: STRANGE },
  { kind: "good", mode: "verify-full", ca: false, reason: STRANGE },
  { kind: "unknown", mode: "require", reason: STRANGE },
  { kind: "elsewhere", mode: "require", reason: null },
  { kind: "expired", mode: "require", ca: false, reason: null },
  { kind: "self_signed", mode: "require", ca: false, reason: null },
  { kind: "expired", mode: "prefer", ca: false, reason: null },
];

describe("a primary whose certificate is", () => {
  test.each(CASES)("$kind, under $mode (ca: $ca): $reason", async ({ kind, mode, ca = true, reason }) => {
    await using front = await FakeServer.start(behindTls(database.primary, certified[kind]));
    await using proxy = await relay(front, { tls: mode, ...(ca ? { tls_ca: caFile } : {}) });
    if (reason === null) {
      expect(await answered(proxy)).toEqual(["there"]);
      return;
    }
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    expect(await fatal(client)).toEqual({
      S: "FATAL",
      V: "FATAL",
      C: "08001",
      M: "TLS with the primary server could not be established",
      D: `TLS with the server of database entry "*": ${reason}.`,
    });
    const line = "TLS with the primary could not be established";
    const lines = await waitFor(() => proxy.lines.filter(({ message }) => message === line));
    expect(lines).toMatchObject([{ level: "warn", fields: { database: "*", cause: reason } }]);
    await waitFor(() => front.open === 0 && proxy.gauges.sum(CLIENT_CONNECTIONS) === 0);
  });
});

describe("a mirror whose certificate is", () => {
  test.each([
    { kind: "expired", reason: EXPIRED },
    { kind: "elsewhere", reason: ELSEWHERE },
    { kind: "unknown", reason: STRANGE },
  ] as const)("$kind ends requests as connection, with the reason, and no client notices", async ({ kind, reason }) => {
    await using front = await FakeServer.start(behindTls(database.mirror, certified[kind]));
    await using proxy = await mirroredTo(front, { tls: "verify-full", tls_ca: caFile });
    await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
    for (let n = 0; n < 20; n++) expect(values(await client.exchange(query("SELECT 'there'")))).toEqual(["there"]);
    const cause = `TLS could not be established: ${reason}`;
    const outcomes = await proxy.outcomes(20);
    expect(outcomes[0]).toMatchObject({
      kind: "errored",
      category: "connection",
      attribution: "plumbing",
      message: cause,
    });
    expect(outcomes.every((outcome) => outcome.kind === "errored" && outcome.category === "connection")).toBe(true);
    const lines = () => proxy.lines.filter(({ message }) => message === "mirror cannot be reached");
    await waitFor(() => lines().length === front.accepted, { message: "each attempt is one line" });
    expect(lines()[0]).toMatchObject({ level: "warn", fields: { mirroring: "candidate", cause } });
    expect(await proxy.eventsOf("observation_changed")).toContainEqual(
      expect.objectContaining({ state: "mirror_down", cause }),
    );
    // The certificate is renewed: it goes on by itself.
    front.behaviour = behindTls(database.mirror, certified.good);
    await waitFor(() => proxy.gauges.sumMirroring(0, MIRROR_CONNECTIONS) === 1 && front.open === 1);
    await client.exchange(query("SELECT 'again'"));
    expect((await proxy.outcomes(21)).at(-1)).toMatchObject({ kind: "mirrored", parity: "match" });
    const reached = proxy.lines.find(({ message }) => message === "mirror reached");
    expect(reached?.fields).toMatchObject({ tls: "TLSv1.3" });
  });
});

/** Answers the SSLRequest with these bytes and does nothing more; or closes. */
const answering =
  (text: string, thenClose = false): Behaviour =>
  async (peer) => {
    await peer.startup();
    if (text !== "") peer.send(Buffer.from(text, "latin1"));
    if (thenClose) peer.socket.end();
    await peer.gone;
  };

const READY = "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
const HANDSHAKE_FAILED = /^the handshake failed \(ERR_SSL_[A-Z_]+\)$|^the connection was closed during the handshake$/;

describe("a server that answers the request for TLS", () => {
  test.each([
    { what: "with N", text: "N", reason: "the server does not have it" },
    {
      what: "with an ErrorResponse",
      text: "E\0\0\0\x10SFATAL\0C53300\0\0",
      reason: "the server answered the request for TLS with an error",
    },
    { what: "with the byte E alone", text: "E", reason: "the server answered the request for TLS with an error" },
    {
      what: "with S and a login behind it",
      text: `S${READY}`,
      reason: "the server sent unencrypted data behind its answer",
    },
    {
      what: "with N and a login behind it",
      text: `N${READY}`,
      reason: "the server sent unencrypted data behind its answer",
    },
    {
      what: "with HTTP",
      text: "HTTP/1.1 400 Bad Request\r\n\r\n",
      reason: "the server sent unencrypted data behind its answer",
    },
    { what: "with another byte", text: "X", reason: "the server's answer to the request for TLS is none" },
  ])("$what is refused under require", async ({ text, reason }) => {
    await using server = await FakeServer.start(answering(text));
    await using proxy = await relay(server, { tls: "require" });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    expect(await fatal(client)).toMatchObject({
      C: "08001",
      D: `TLS with the server of database entry "*": ${reason}.`,
    });
    await waitFor(() => server.open === 0);
  });

  test("with S and says in plaintext that the client is let in, later, is not believed", async () => {
    await using server = await FakeServer.start(async (peer) => {
      await peer.startup();
      peer.send(Buffer.from("S"));
      // The ClientHello has come: what is said now is read by TLS.
      await waitFor(() => peer.socket.bytesRead > 8);
      peer.send(Buffer.from(READY, "latin1"));
      await peer.gone;
    });
    await using proxy = await relay(server, { tls: "require" });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    const { C, D } = await fatal(client);
    expect(C).toBe("08001");
    expect(D!.replace(/^.*"\*": (.*)\.$/, "$1")).toMatch(HANDSHAKE_FAILED);
    expect(client.received.includes(READY)).toBe(false);
  });

  test("by closing the connection is a primary that cannot be reached", async () => {
    await using server = await FakeServer.start(answering("", true));
    await using proxy = await relay(server, { tls: "require" });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    expect(await fatal(client)).toMatchObject({ C: "57P03", D: expect.stringContaining("closed the connection") });
  });

  test.each(["", "S"])("with %j and then with silence costs the client its login time", async (text) => {
    await using server = await FakeServer.start(answering(text));
    await using proxy = await relay(server, { tls: "require" }, { login_timeout_ms: 800 });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    expect(await fatal(client)).toMatchObject({ C: "57014" });
    await waitFor(() => server.open === 0);
  });

  test("and hangs is let go of at once when its client is gone", async () => {
    await using server = await FakeServer.start(answering("S"));
    await using proxy = await relay(server, { tls: "require" });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    await waitFor(() => server.open === 1);
    client.reset();
    await waitFor(() => server.open === 0);
  });
});

describe("tls = prefer", () => {
  test("goes on in plaintext on the same connection when the server says N", async () => {
    await using server = await BreakableProxy.to(primary());
    await using proxy = await relay(server, { tls: "prefer" });
    expect(await answered(proxy)).toEqual(["there"]);
    expect(server.accepted).toBe(1);
  });

  test("begins again in plaintext when the handshake fails, as libpq does", async () => {
    let connections = 0;
    await using server = await FakeServer.start((peer) =>
      connections++ === 0 ? answering(`S`, true)(peer) : relayTo(primary())(peer),
    );
    await using proxy = await relay(server, { tls: "prefer" });
    expect(await answered(proxy)).toEqual(["there"]);
    expect(connections).toBe(2);
  });

  test("does not go on where somebody put bytes behind the answer", async () => {
    await using server = await FakeServer.start(answering(`S${READY}`));
    await using proxy = await relay(server, { tls: "prefer" });
    expect((await lastWords(proxy, startup())).toString("latin1")).toContain("C08001\0");
    expect(server.accepted).toBe(1);
  });
});

describe("the handshake", () => {
  test.each([
    { host: "127.0.0.1", servername: false },
    { host: "localhost", servername: "localhost" },
  ])("with $host names the server $servername, and the protocol", async ({ host, servername }) => {
    const heard: Handshaken[] = [];
    await using front = await FakeServer.start(behindTls(database.primary, certified.good, (one) => heard.push(one)));
    await using proxy = await relay({ host, port: front.port }, { tls: "verify-full", tls_ca: caFile });
    expect(await answered(proxy)).toEqual(["there"]);
    expect(heard).toMatchObject([{ servername, alpn: "postgresql" }]);
  });
});

describe("a cancel", () => {
  test("goes to primary and mirror inside TLS, and works there", async () => {
    const heard = { primary: [] as Handshaken[], mirror: [] as Handshaken[] };
    await using first = await FakeServer.start(
      behindTls(database.primary, certified.good, (h) => heard.primary.push(h)),
    );
    await using second = await FakeServer.start(
      behindTls(database.mirror, certified.good, (h) => heard.mirror.push(h)),
    );
    const tls = { tls: "verify-full", tls_ca: caFile };
    await using proxy = await startInlineProxy({
      databases: [
        { name: "*", host: first.host, port: first.port, ...tls },
        { name: "candidate", host: second.host, port: second.port, user: "postgres", ...tls },
      ],
      mirroring: [{ source_db: "*", destination_db: "candidate" }],
    });
    await using client = await RawClient.connect(proxy);
    client.send(startup());
    const key = (await client.until("Z")).find(({ type }) => type === "K")!.body;
    client.send(query("SELECT pg_sleep(30)"));
    const sleeps = async (side: "onPrimary" | "onMirror"): Promise<boolean> =>
      (
        await database[side](
          "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
        )
      ).length === 1;
    await waitFor(async () => (await sleeps("onPrimary")) && (await sleeps("onMirror")));
    await lastWords(proxy, cancelRequest(key.readInt32BE(0), key.subarray(4)));
    const error = (await client.until("Z")).find(({ type }) => type === "E")!;
    expect(error.body.toString()).toContain("C57014\0");
    expect(await proxy.outcomes(1)).toMatchObject([{ kind: "mirrored", parity: "unverifiable" }]);
    expect(await sleeps("onMirror")).toBe(false);
    const isCancel = ({ first: bytes }: Handshaken): boolean => bytes.readUInt32BE(4) === 80_877_102;
    expect(heard.primary.filter(isCancel)).toHaveLength(1);
    expect(heard.mirror.filter(isCancel)).toHaveLength(1);
  });
});

describe("a Unix socket", () => {
  test("is spoken to in plaintext, whatever prefer would like", async () => {
    const first: Buffer[] = [];
    await using target = await FakeServer.start(relayTo(primary()));
    const listener = createServer((socket) => {
      socket.once("data", (chunk: Buffer) => first.push(chunk));
      const server = connect(target.port, target.host);
      for (const side of [socket, server]) side.on("error", () => undefined);
      socket.pipe(server).pipe(socket);
    });
    listener.listen(join(folder, ".s.PGSQL.5432"));
    await once(listener, "listening");
    await using proxy = await relay({ host: folder, port: 5432 }, { tls: "prefer" });
    expect(await answered(proxy)).toEqual(["there"]);
    expect(first).toHaveLength(1);
    expect(first[0]!.readUInt32BE(4)).toBe(0x0003_0000);
    listener.close();
  });
});
