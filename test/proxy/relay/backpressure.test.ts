// Whoever is slow slows the other side down, and costs no memory: what is on its way is a few buffers, never the result.

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BreakableProxy } from "../../helpers/breakable-proxy.ts";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { mirrorTables, relayTables } from "../../helpers/config-text.ts";
import { RawClient } from "../../helpers/frames.ts";
import { heldBytes } from "../../helpers/held-bytes.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { copyData, copyDone, frame, query, startupMessage } from "../../helpers/messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { startRelay, type Target, types, values } from "./relay.ts";

const MB = 1_000_000;
/** What may be held for one session in all the buffers of both its directions, the test's own included. */
const HELD_MAX = 24 * MB;

let database: TestDatabase;
let relay: InlineProxy;

beforeAll(async () => {
  database = await createDatabase("backpressure");
  relay = await startRelay(database.primary);
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const user = (name: string) => ({ user: "postgres", database: database.name, application_name: name });

/** What the primary's process for this client waits for. */
const waitsFor = async (name: string): Promise<unknown> => {
  const sql = `SELECT wait_event FROM pg_stat_activity WHERE application_name = '${name}'`;
  return (await database.onPrimary(sql))[0]?.["wait_event"];
};

/** Counts what arrives without keeping it. */
function countBytes(socket: Socket): { readonly bytes: number; readonly tail: string } {
  const count = { bytes: 0, tail: "" };
  socket.on("data", (chunk: Buffer) => {
    count.bytes += chunk.length;
    count.tail = (count.tail + chunk.toString("latin1", Math.max(0, chunk.length - 6))).slice(-6);
  });
  return count;
}

test("a client that does not read 200 MB makes the primary wait, and gets all of it when it does", async () => {
  const socket = connect({ host: relay.host, port: relay.port });
  const count = countBytes(socket);
  socket.write(startupMessage(user("unread")));
  await waitFor(() => count.tail === "Z\0\0\0\x05I");
  const before = heldBytes();
  const loginBytes = count.bytes;
  socket.pause();
  socket.write(query("SELECT repeat('x', 16000000) FROM generate_series(1, 13)"));
  await waitFor(async () => (await waitsFor("unread")) === "ClientWrite", { message: "the primary waits" });
  expect(heldBytes() - before).toBeLessThan(HELD_MAX);
  socket.resume();
  await waitFor(() => count.bytes - loginBytes > 200 * MB && count.tail === "Z\0\0\0\x05I", { timeoutMs: 20_000 });
  expect(heldBytes() - before).toBeLessThan(HELD_MAX);
  socket.destroy();
});

test.each([
  { name: "without a mirror", tables: (target: Target) => relayTables(target) },
  {
    name: "with a mirror, whose copy is given up when it does not fit",
    tables: (target: Target) => ({
      ...mirrorTables(target, database.mirror),
      general: { mirror_queue_bytes: "1 MiB" },
    }),
  },
])("a primary that does not read makes the client wait, $name", async ({ tables }) => {
  await using network = await BreakableProxy.to(database.primary);
  await using proxy = await startInlineProxy(tables(network));
  await using copying = await RawClient.login(proxy, user("copying"));
  await using asking = await RawClient.login(proxy, user("asking"));
  await copying.exchange(query("CREATE TEMP TABLE t (x text)"));
  copying.send(query("COPY t FROM STDIN"));
  await copying.until("G");
  network.stall();
  const before = heldBytes();
  const line = copyData(Buffer.from(`${"x".repeat(99_999)}\n`));
  for (let n = 0; n < 400; n++) copying.socket.write(line);
  asking.send(query(`SELECT length('${"y".repeat(40 * MB)}')`));
  const unsent = (): number => copying.socket.writableLength + asking.socket.writableLength;
  await settled(unsent);
  // What the machine's own socket buffers take is all that goes; the line is one buffer, however often it is sent.
  expect(copying.socket.writableLength).toBeGreaterThan(20 * MB);
  expect(asking.socket.writableLength).toBeGreaterThan(20 * MB);
  expect(heldBytes() - before - 40 * MB).toBeLessThan(HELD_MAX);
  network.resume();
  expect(types(await copying.exchange(copyDone()))).toBe("CZ");
  expect(values(await copying.exchange(query("SELECT count(*) FROM t")))).toEqual(["400"]);
  expect(values(await asking.until("Z"))).toEqual([String(40 * MB)]);
});

test("a client that writes a message over many seconds of single bytes holds up nobody", async () => {
  await using slow = await RawClient.login(relay, user("slow"));
  await using brisk = await RawClient.login(relay, user("brisk"));
  const message = query("SELECT 'at last'");
  for (const byte of message.subarray(0, -1)) {
    slow.send(Buffer.of(byte));
    expect(types(await brisk.exchange(frame("S")))).toBe("Z");
  }
  slow.send(message.subarray(-1));
  expect(values(await slow.until("Z"))).toEqual(["at last"]);
});

/** Waits until a number has been the same at many looks in a row. */
async function settled(look: () => number): Promise<void> {
  let last = look();
  let same = 0;
  await waitFor(() => {
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
    return same > 20;
  });
}
