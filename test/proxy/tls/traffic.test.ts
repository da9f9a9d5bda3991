// What goes through a relay goes through it with TLS on every leg: the same bytes, the same backpressure, the same ends.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT_CONNECTIONS, MIRROR_CONNECTIONS, MIRROR_QUEUE_BYTES } from "../../../src/proxy/gauges.ts";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { withClient } from "../../helpers/clusters.ts";
import { RawClient } from "../../helpers/frames.ts";
import { heldBytes } from "../../helpers/held-bytes.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { copyData, copyDone, query, startupMessage } from "../../helpers/messages.ts";
import { startPgsoakProcess } from "../../helpers/pgsoak-process.ts";
import { askForTls, loginByTls } from "../../helpers/tls-client.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { hear, type Heard } from "../../transparency/hear.ts";
import { FIXTURE, SCRIPTS } from "../../transparency/scripts.ts";
import { fatal, POSTGRES, types, values } from "../relay/relay.ts";
import { TlsRig } from "./tls-rig.ts";

const MB = 1_000_000;
const HELD_MAX = 32 * MB;
const startup = (name: string): Buffer => startupMessage({ ...POSTGRES, application_name: name });

let rig: TlsRig;
let proxy: InlineProxy;

const legs = () => ({ primary: "verify-full", mirror: "verify-full", client: rig.certified.own }) as const;

beforeAll(async () => {
  rig = await TlsRig.start();
  for (const server of [rig.primary, rig.mirror]) {
    await withClient({ connectionString: server.url() }, (client) => client.query(FIXTURE));
  }
  proxy = await startInlineProxy(rig.tables(legs()));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const onPrimary = (sql: string): Promise<Record<string, unknown>[]> =>
  withClient({ connectionString: rig.primary.url() }, async (client) => (await client.query(sql)).rows);

describe("what a client hears is the same as directly, by TLS too", () => {
  const connect = async (target: { host: string; port: number }): Promise<RawClient> =>
    RawClient.over((await askForTls(target)).secured);
  /** Their frames are compared; the big ones would be no use in a message. */
  const brief = ({ frames, end }: Heard): unknown => [
    end,
    frames.map(({ type, body }) => [type, body.length, createHash("md5").update(body).digest("hex")]),
  ];

  test.each(SCRIPTS)("$name", async (script) => {
    const direct = await hear(rig.primary, script, { database: "postgres", connect });
    const through = await hear(proxy, script, { database: "postgres", connect });
    expect(brief(through)).toEqual(brief(direct));
  });
});

test("a COPY of many messages and a result of 16 MB arrive whole, here and on the mirror", async () => {
  await using client = await loginByTls(proxy, startup("copy"));
  await client.exchange(query("DROP TABLE IF EXISTS copied; CREATE TABLE copied (n int, x text)"));
  client.send(query("COPY copied FROM STDIN"));
  await client.until("G");
  const line = (n: number): Buffer => copyData(Buffer.from(`${n}\t${"x".repeat(1000)}\n`));
  for (let n = 0; n < 4000; n++) client.send(line(n));
  expect(types(await client.exchange(copyDone()))).toBe("CZ");
  const rows = await client.exchange(query("SELECT n, repeat('y', 1000) FROM generate_series(1, 16000) AS n"));
  expect(rows.filter(({ type }) => type === "D")).toHaveLength(16_000);
  const settled = async (): Promise<boolean> => proxy.gauges.sumMirroring(0, MIRROR_QUEUE_BYTES) === 0;
  await waitFor(settled, { message: "the mirror has it" });
  const sql = "SELECT count(*)::int AS rows, sum(n)::int AS n, sum(length(x))::int AS bytes FROM copied";
  const there = await onPrimary(sql);
  expect(there).toEqual([{ rows: 4000, n: 7_998_000, bytes: 4_000_000 }]);
  await waitFor(async () => {
    const on = await withClient(
      { connectionString: rig.mirror.url() },
      async (mirror) => (await mirror.query(sql)).rows,
    );
    expect(on).toEqual(there);
    return true;
  });
});

test("a client that does not read 100 MB makes the primary wait, and gets all of it when it does", async () => {
  const { secured } = await askForTls(proxy);
  let bytes = 0;
  let tail = "";
  secured.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    tail = (tail + chunk.toString("latin1", Math.max(0, chunk.length - 6))).slice(-6);
  });
  secured.write(startup("unread"));
  await waitFor(() => tail === "Z\0\0\0\x05I");
  const [before, login] = [heldBytes(), bytes];
  secured.pause();
  secured.write(query("SELECT repeat('x', 10000000) FROM generate_series(1, 10)"));
  const sql = "SELECT wait_event FROM pg_stat_activity WHERE application_name = 'unread'";
  await waitFor(async () => (await onPrimary(sql))[0]?.["wait_event"] === "ClientWrite", {
    message: "the primary waits",
  });
  expect(heldBytes() - before).toBeLessThan(HELD_MAX);
  secured.resume();
  await waitFor(() => bytes - login > 100 * MB && tail === "Z\0\0\0\x05I", { timeoutMs: 20_000 });
  expect(heldBytes() - before).toBeLessThan(HELD_MAX);
  secured.destroy();
});

test("a primary that does not read makes the client wait", async () => {
  await using network = await BreakableProxy.to(rig.primary);
  const { tls } = rig.tables({ primary: "require", client: rig.certified.own });
  const databases = [rig.entry("*", network, "verify-full")];
  await using relay = await startInlineProxy({ databases, tls: tls! });
  await using client = await loginByTls(relay, startup("stalled"));
  await client.exchange(query("CREATE TEMP TABLE t (x text)"));
  client.send(query("COPY t FROM STDIN"));
  await client.until("G");
  network.stall();
  const before = heldBytes();
  const line = copyData(Buffer.from(`${"x".repeat(99_999)}\n`));
  for (let n = 0; n < 400; n++) client.socket.write(line);
  let last = -1;
  let same = 0;
  await waitFor(() => {
    const now = client.socket.writableLength;
    same = now === last ? same + 1 : 0;
    last = now;
    return same > 20;
  });
  expect(client.socket.writableLength).toBeGreaterThan(15 * MB);
  expect(heldBytes() - before).toBeLessThan(HELD_MAX);
  network.resume();
  expect(types(await client.exchange(copyDone()))).toBe("CZ");
  expect(values(await client.exchange(query("SELECT count(*) FROM t")))).toEqual(["400"]);
});

test("garbage between pgsoak and a server ends the session there: never a byte of it reaches the client", async () => {
  await using network = await BreakableProxy.to(rig.primary);
  const databases = [rig.entry("*", network, "verify-full")];
  await using relay = await startInlineProxy({ databases });
  await using client = await RawClient.login(relay, POSTGRES);
  const heard = client.received.length;
  network.inject(Buffer.from("T\0\0\0\x06\0\0Z\0\0\0\x05I", "latin1"));
  await client.closed();
  expect(client.received).toHaveLength(heard);
  await waitFor(() => relay.gauges.sum(CLIENT_CONNECTIONS) === 0 && network.open === 0);
});

test("a client that closes its side behind its query hears all of the answer", async () => {
  await using client = await loginByTls(proxy, startup("half"));
  client.send(query("SELECT 'heard' FROM pg_sleep(0.1)"));
  client.halfClose();
  expect(values(await client.until("Z"))).toEqual(["heard"]);
  expect(await client.closed()).toBe("end");
});

test("200 clients that come and go leave no session, no socket and no listener behind", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warned);
  const resources = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe|Timeout/.test(name)).length;
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0);
  const before = resources();
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        if (n % 10 === 9) {
          const { raw, secured } = await askForTls(proxy);
          secured.on("error", () => undefined);
          if (n === 9) secured.destroy();
          else raw.resetAndDestroy();
          return;
        }
        await using client = await loginByTls(proxy, startup("crowd"));
        if (n % 3 > 0) await client.exchange(query(`SELECT ${n}`));
        if (n % 3 > 1) client.send(query("SELECT pg_sleep(0.01)"));
      }),
    );
  }
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0, { message: "no client is left" });
  await waitFor(() => proxy.gauges.sumMirroring(0, MIRROR_CONNECTIONS) === 0, {
    message: "no mirror connection is left",
  });
  await waitFor(() => resources() <= before, { message: "no socket is left" });
  const crowd = "SELECT count(*)::int AS left FROM pg_stat_activity WHERE application_name = 'crowd'";
  await waitFor(async () => (await onPrimary(crowd))[0]?.["left"] === 0, { message: "no session is left" });
  process.off("warning", warned);
  expect(warnings).toEqual([]);
});

test("SIGTERM lets the request in flight finish, tells idle clients, and ends with 0", async () => {
  await using pgsoak = await startPgsoakProcess({ tables: rig.tables(legs()) });
  await using busy = await loginByTls(pgsoak.proxy, startup("busy"));
  await using idle = await loginByTls(pgsoak.proxy, startup("idle"));
  busy.send(query("SELECT 'done' FROM pg_sleep(1)"));
  await waitFor(
    async () => (await onPrimary("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0,
  );
  pgsoak.signal("SIGTERM");
  const shutdown = { C: "57P01", M: "terminating connection due to administrator command" };
  expect(await fatal(idle)).toMatchObject(shutdown);
  expect(values(await busy.until("Z"))).toEqual(["done"]);
  expect(await fatal(busy)).toMatchObject(shutdown);
  expect(await pgsoak.ended()).toEqual({ code: 0, signal: null });
});
