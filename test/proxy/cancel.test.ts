import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { DatabaseConfig } from "../../src/config/config.ts";
import { type Cancellable, CancelRegistry, sendCancel } from "../../src/proxy/cancel.ts";
import { cancelRequest } from "../helpers/messages.ts";
import { freePort } from "../helpers/free-port.ts";

const key = Buffer.from("0000002a01020304", "hex");

/** A server that does with a connection what the test says. */
async function listen(greet: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, greet);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    server: entry(address.port),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const entry = (port: number): DatabaseConfig => ({
  name: "any",
  host: "127.0.0.1",
  port,
  databaseName: null,
  user: null,
  password: null,
  tls: "disable",
  tlsCa: null,
});

describe("a cancel", () => {
  test("is the server's own key, and delivered when the server closes", async () => {
    const received: Buffer[] = [];
    await using target = await listen((socket) => {
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.once("data", () => socket.end());
    });
    await sendCancel(target.server, key, 5000);
    expect(Buffer.concat(received)).toEqual(cancelRequest(42, key.subarray(4)));
  });

  test("to a server that does not react is given up after its time", async () => {
    const sockets: Socket[] = [];
    await using target = await listen((socket) => sockets.push(socket.resume()));
    await sendCancel(target.server, key, 50);
    for (const socket of sockets) socket.destroy();
  });

  test("to a server that is not there is over at once", async () => {
    await sendCancel(entry(await freePort()), key, 60_000);
  });
});

/** Counts how often it was cancelled. */
class Counting implements Cancellable {
  cancelled = 0;

  cancel(): Promise<void> {
    this.cancelled++;
    return Promise.resolve();
  }
}

describe("the registry of keys", () => {
  test("finds a session by its whole key, of any length", async () => {
    const registry = new CancelRegistry();
    const short = new Counting();
    const long = new Counting();
    registry.add(key, short);
    registry.add(Buffer.concat([key, Buffer.alloc(28, 0xff)]), long);
    expect(await registry.cancel(Buffer.from(key))).toBe(true);
    expect(await registry.cancel(key.subarray(0, 7))).toBe(false);
    expect(await registry.cancel(Buffer.concat([key, Buffer.alloc(28, 0xff)]))).toBe(true);
    expect([short.cancelled, long.cancelled]).toEqual([1, 1]);
  });

  test("forgets a session, but not the one that has its key by now", async () => {
    const registry = new CancelRegistry();
    const [old, current] = [new Counting(), new Counting()];
    registry.add(key, old);
    registry.add(key, current);
    registry.remove(key, old);
    expect(await registry.cancel(key)).toBe(true);
    registry.remove(key, current);
    expect(await registry.cancel(key)).toBe(false);
    expect([old.cancelled, current.cancelled]).toEqual([0, 1]);
  });
});
