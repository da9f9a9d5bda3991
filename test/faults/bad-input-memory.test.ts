import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import { RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { frame, query, untyped } from "../helpers/messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { beginning, lethalCase } from "./bad-input-grammar.ts";
import { liveBytes } from "./heap.ts";
import { expectNothingLeft, holdingsOf } from "./nothing-left.ts";

const CLIENTS = 20;
const GIGABYTE = 0x3fffffff;
const MEGABYTE = 1 << 20;

let database: TestDatabase;
let proxy: InlineProxy;

beforeAll(async () => {
  database = await createDatabase("bad_input_memory");
  await database.onBoth("CREATE TABLE fuzzed (id int)");
  proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror, { timeout_ms: 1000 }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const login = (): Promise<RawClient> => RawClient.login(proxy, { user: "postgres", database: database.name });

describe("what a client claims costs nothing, what it sends and leaves behind neither", () => {
  test.each(["Q", "P", "B", "d", "F", "D"])("a message %s of 1 GB of which 100 bytes come", async (type) => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, login));
    const before = await liveBytes();
    for (const client of clients) {
      client.send(query("SELECT 1"), frame(type, Buffer.alloc(100), GIGABYTE));
      await client.until("Z");
    }
    expect((await liveBytes()) - before).toBeLessThan(MEGABYTE);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });

  test("a beginning of 2 GB is closed at its fourth byte", async () => {
    await using client = await RawClient.connect(proxy);
    client.send(untyped(Buffer.alloc(0), 0x7fffffff));
    expect(await client.closed()).toBe("end");
    expect(client.received).toHaveLength(0);
  });

  test("a beginning that does not go on is held at its own size", async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(proxy)));
    const before = await liveBytes();
    for (const client of clients) client.send(untyped(Buffer.alloc(100), 10_000));
    expect((await liveBytes()) - before).toBeLessThan(MEGABYTE);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });

  test("600 connections that end badly leave no memory behind", async () => {
    const rounds: number[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const bad = fc.sample(fc.oneof(beginning, lethalCase), { seed, numRuns: 120 });
      for (const messages of bad) {
        await using client = seed % 2 === 0 ? await RawClient.connect(proxy) : await login();
        client.send(...messages);
        client.halfClose();
        await client.closed();
      }
      await waitFor(() => holdingsOf(proxy).clients === 0, { message: "the clients are gone" });
      rounds.push(await liveBytes());
    }
    // The first rounds fill memories that are bounded: statements, dictionaries, the runtime's own.
    expect(rounds[4]! - rounds[2]!).toBeLessThan(3 * MEGABYTE);
    await expectNothingLeft(proxy);
  });
});
