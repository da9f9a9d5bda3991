// TLS for clients: how they get it, who is turned away, and that nothing said outside of it counts.

import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT_CONNECTIONS, REFUSED_LOGINS } from "../../../src/proxy/gauges.ts";
import { Authority, type Certified } from "../../helpers/certificates.ts";
import { primary } from "../../helpers/clusters.ts";
import { ConfigFolder } from "../../config/config-folder.ts";
import { relayTables } from "../../helpers/config-text.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { cancelRequest, gssRequest, query, sslRequest, startupMessage } from "../../helpers/messages.ts";
import { askForTls, beginWithTls, loginByTls } from "../../helpers/tls-client.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { fatal, lastWords, POSTGRES, startRelay, types, values } from "../relay/relay.ts";

const startup = startupMessage(POSTGRES);
const ALPN = { ALPNProtocols: ["postgresql"] };

let folder: ConfigFolder;
let authority: Authority;
let certified: Certified;
let proxy: InlineProxy;
let strict: InlineProxy;

const serve = (tls: Record<string, boolean> = {}, general = {}): Promise<InlineProxy> =>
  startInlineProxy({
    ...relayTables(primary()),
    general,
    tls: {
      certificate: folder.write("server.crt", certified.certificate),
      private_key: folder.write("server.key", certified.privateKey),
      ...tls,
    },
  });

beforeAll(async () => {
  folder = new ConfigFolder();
  authority = await Authority.create("clients' authority");
  certified = await authority.issue();
  proxy = await serve();
  strict = await serve({ required: true });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Logs in on it and asks something. */
async function asks(secured: TLSSocket): Promise<string[]> {
  await using client = RawClient.over(secured);
  client.send(startup);
  await client.until("Z");
  return values(await client.exchange(query("SELECT 6 * 7")));
}

const reasons = (of = proxy): unknown[] =>
  of.lines.filter(({ message }) => message === "connection refused before login").map(({ fields }) => fields["reason"]);

/** The reason that is added to those that were there. */
async function turnedAway(how: () => Promise<unknown>): Promise<unknown> {
  const before = reasons().length;
  const counted = proxy.gauges.sum(REFUSED_LOGINS);
  await how();
  await waitFor(() => reasons().length > before, { message: "it is logged" });
  expect(proxy.gauges.sum(REFUSED_LOGINS)).toBe(counted + 1);
  return reasons().at(-1);
}

/** How a handshake ended that was not to succeed. */
async function refused(secured: TLSSocket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  secured.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  secured.on("end", () => resolve("end"));
  secured.on("close", () => resolve("close"));
  secured.resume();
  return await promise;
}

describe("a client gets TLS", () => {
  test("by asking for it, with the certificate and a version of 1.2 or above", async () => {
    const { secured } = await askForTls(proxy, {
      ca: authority.certificate,
      rejectUnauthorized: true,
      host: "localhost",
    });
    expect(secured.authorized).toBe(true);
    expect(secured.getProtocol()).toBe("TLSv1.3");
    expect(await asks(secured)).toEqual(["42"]);
    const { secured: older } = await askForTls(proxy, { maxVersion: "TLSv1.2" });
    expect(older.getProtocol()).toBe("TLSv1.2");
    expect(await asks(older)).toEqual(["42"]);
  });

  test("after GSSENCRequest was answered N", async () => {
    const raw = connectPlain({ host: proxy.host, port: proxy.port });
    raw.write(gssRequest());
    expect(String((await once(raw, "data"))[0])).toBe("N");
    raw.write(sslRequest());
    expect(String((await once(raw, "data"))[0])).toBe("S");
    expect(await asks(connect({ socket: raw, rejectUnauthorized: false }))).toEqual(["42"]);
  });

  test("directly, with the ALPN protocol postgresql", async () => {
    const { secured } = await beginWithTls(proxy, ALPN);
    expect(secured.alpnProtocol).toBe("postgresql");
    expect(await asks(secured)).toEqual(["42"]);
  });

  test("with ALPN or without, when it asks for it", async () => {
    const { secured } = await askForTls(proxy, ALPN);
    expect(secured.alpnProtocol).toBe("postgresql");
    expect(await asks(secured)).toEqual(["42"]);
  });

  test("byte by byte as well", async () => {
    const raw = connectPlain({ host: proxy.host, port: proxy.port, noDelay: true });
    for (const byte of sslRequest()) raw.write(Buffer.of(byte));
    expect(String((await once(raw, "data"))[0])).toBe("S");
    const secured = connect({ socket: raw, rejectUnauthorized: false });
    await once(secured, "secureConnect");
    await using client = RawClient.over(secured);
    for (const byte of startup) client.send(Buffer.of(byte));
    expect(types(await client.until("Z"))).toMatch(/^RS+KZ$/);
  });

  test("or none, where it is not required", async () => {
    await using client = await RawClient.login(proxy, POSTGRES);
    expect(values(await client.exchange(query("SELECT 1")))).toEqual(["1"]);
  });
});

describe("inside TLS", () => {
  test("SSLRequest and GSSENCRequest are no versions of the protocol, as in PostgreSQL", async () => {
    for (const again of [sslRequest(), gssRequest()]) {
      const { secured } = await askForTls(proxy);
      await using client = RawClient.over(secured);
      client.send(again);
      expect(await fatal(client)).toMatchObject({
        S: "FATAL",
        C: "0A000",
        M: expect.stringContaining("unsupported frontend protocol 1234.56"),
      });
    }
  });

  test("both are answered N when TLS began directly, as in PostgreSQL 17", async () => {
    const { secured } = await beginWithTls(proxy, ALPN);
    await using client = RawClient.over(secured);
    client.send(sslRequest());
    expect(await client.byte()).toBe("N");
    client.send(gssRequest());
    expect(await client.byte()).toBe("N");
    client.send(startup);
    expect(types(await client.until("Z"))).toMatch(/^RS+KZ$/);
  });

  test("another TLS handshake is turned away", async () => {
    const reason = await turnedAway(async () => {
      const { secured } = await askForTls(proxy);
      await using client = RawClient.over(secured);
      client.send(Buffer.from("16030100c8010000c40303", "hex"));
      await client.closed();
    });
    expect(reason).toBe("a TLS handshake in place of a startup packet");
  });

  test("a cancel request is served", async () => {
    await using client = await loginByTls(proxy, startup);
    client.send(query("SELECT pg_sleep(30)"));
    const { secured } = await askForTls(proxy);
    await using canceller = RawClient.over(secured);
    canceller.send(keyOf(client));
    await canceller.closed();
    const error = (await client.until("Z")).find(({ type }) => type === "E")!;
    expect(errorFields(error)).toMatchObject({ C: "57014" });
  });
});

/** The CancelRequest of a client that has logged in. */
function keyOf(client: RawClient): Buffer {
  const at = client.received.indexOf(Buffer.from("K\0\0\0\x0c", "latin1"));
  return cancelRequest(client.received.readInt32BE(at + 5), client.received.subarray(at + 9, at + 13));
}

describe("a client is turned away, counted and logged", () => {
  test("that sends its startup packet ahead of the answer to SSLRequest: S is never said", async () => {
    const heard: Buffer[] = [];
    const reason = await turnedAway(async () => {
      heard.push(await lastWords(proxy, Buffer.concat([sslRequest(), startup])));
    });
    expect(reason).toBe("received unencrypted data after SSL request");
    const error = { type: "E", body: heard[0]!.subarray(5) };
    expect(heard[0]!.toString("latin1", 0, 1)).toBe("E");
    expect(errorFields(error)).toMatchObject({ S: "FATAL", C: "08P01", M: reason });
  });

  test("that goes on in plaintext after S", async () => {
    const reason = await turnedAway(async () => {
      await using client = await RawClient.connect(proxy);
      client.send(sslRequest());
      expect(await client.byte()).toBe("S");
      client.send(startup);
      await client.closed();
      // An alert of TLS at most: nothing of the protocol.
      expect(client.received.subarray(1).toString("latin1")).not.toMatch(/[RSKZ]\0\0\0/);
    });
    expect(reason).toMatch(/^TLS could not be established: the handshake failed \(ERR_SSL_[A-Z_]+\)$/);
  });

  test("that asks twice instead of beginning the handshake", async () => {
    const reason = await turnedAway(async () => {
      await using client = await RawClient.connect(proxy);
      client.send(sslRequest());
      await client.byte();
      client.send(sslRequest());
      await client.closed();
    });
    expect(reason).toMatch(/^TLS could not be established: /);
  });

  test.each([
    { what: "no ALPN", options: {}, reason: "direct TLS without the ALPN protocol postgresql" },
    {
      what: "another ALPN protocol",
      options: { ALPNProtocols: ["http/1.1"] },
      reason: /NO_APPLICATION_PROTOCOL|handshake failed/,
    },
  ])("that begins with TLS and $what", async ({ options, reason }) => {
    const found = await turnedAway(async () => {
      const secured = connect({ host: proxy.host, port: proxy.port, rejectUnauthorized: false, ...options });
      await refused(secured);
    });
    expect(found).toMatch(reason);
  });

  test("that asks for TLS and names another ALPN protocol", async () => {
    expect(await turnedAway(() => askForTls(proxy, { ALPNProtocols: ["h2"] }).catch(() => null))).toMatch(
      /^TLS could not/,
    );
  });

  test("that speaks TLS 1.1 at best", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await turnedAway(() => askForTls(proxy, old).catch(() => null))).toMatch(/UNSUPPORTED_PROTOCOL/);
  });

  test("that leaves in the middle of the handshake", async () => {
    const reason = await turnedAway(async () => {
      await using client = await RawClient.connect(proxy);
      client.send(sslRequest());
      await client.byte();
    });
    expect(reason).toBe("TLS could not be established: the client left during the handshake");
  });

  test("that sends TLS bytes where there is no certificate", async () => {
    await using bare = await startRelay(primary());
    await refused(connect({ host: bare.host, port: bare.port, rejectUnauthorized: false, ...ALPN }));
    expect(reasons(bare)).toEqual(["TLS is not configured"]);
  });

  test("that does not finish its handshake in the time for a login", async () => {
    await using hasty = await serve({}, { login_timeout_ms: 800 });
    await using client = await RawClient.connect(hasty);
    client.send(sslRequest());
    await client.byte();
    await using direct = await RawClient.connect(hasty);
    direct.send(Buffer.from("16030100c8010000c40303", "hex"));
    await client.closed();
    await direct.closed();
    expect(hasty.gauges.sum(REFUSED_LOGINS)).toBe(2);
    const lines = hasty.lines.filter(({ message }) => message === "a client did not log in in time");
    expect(lines).toHaveLength(2);
  });
});

describe("where TLS is required", () => {
  test("plaintext is 28000, before anything reaches the primary; TLS is served", async () => {
    const before = strict.gauges.sum(REFUSED_LOGINS);
    await using client = await RawClient.connect(strict);
    client.send(startup);
    expect(await fatal(client)).toEqual({
      S: "FATAL",
      V: "FATAL",
      C: "28000",
      M: "pgsoak requires TLS",
      H: "Connect with sslmode=require or a stricter one.",
    });
    expect(strict.gauges.sum(REFUSED_LOGINS)).toBe(before + 1);
    expect(reasons(strict)).toContain("pgsoak requires TLS");
    expect(strict.gauges.sum(CLIENT_CONNECTIONS)).toBe(0);
    await using secured = await loginByTls(strict, startup);
    expect(values(await secured.exchange(query("SELECT 1")))).toEqual(["1"]);
  });

  test("a cancel request in plaintext is served all the same", async () => {
    await using client = await loginByTls(strict, startup);
    client.send(query("SELECT pg_sleep(30)"));
    await lastWords(strict, keyOf(client));
    const error = (await client.until("Z")).find(({ type }) => type === "E")!;
    expect(errorFields(error)).toMatchObject({ C: "57014" });
  });
});

describe("an established connection", () => {
  test("ends with the first byte that is not TLS, and so does its session on the primary", async () => {
    const { secured, raw } = await askForTls(proxy);
    secured.on("error", () => undefined);
    const client = RawClient.over(secured);
    client.send(startup);
    await client.until("Z");
    const pid = values(await client.exchange(query("SELECT pg_backend_pid()")))[0];
    raw.write(Buffer.from("this is no TLS record at all, and long enough to be taken for one"));
    await client.closed();
    await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0, { message: "the session is gone" });
    await using direct = await RawClient.login(primary(), POSTGRES);
    await waitFor(
      async () =>
        values(await direct.exchange(query(`SELECT pid FROM pg_stat_activity WHERE pid = ${pid}`))).length === 0,
    );
  });
});
