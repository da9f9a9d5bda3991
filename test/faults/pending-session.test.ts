import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { mirrorTables, relayTables } from "../helpers/config-text.ts";
import { errorFields, RawClient } from "../helpers/frames.ts";
import { startInlineProxy } from "../helpers/inline-proxy.ts";
import { parse, query, sync } from "../helpers/messages.ts";
import { expectNothingLeft } from "./nothing-left.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("pending_session");
  await database.onBoth("CREATE TABLE written (text text)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe("a message above the limit", () => {
  test("is not carried out: what the client was told is true", async () => {
    await using proxy = await startInlineProxy({
      ...relayTables(database.primary),
      general: { max_message_bytes: "1 KiB" },
    });
    await using client = await RawClient.login(proxy, { user: "postgres", database: database.name });
    const tooLong = query(`INSERT INTO written VALUES ('${"x".repeat(2000)}')`);
    client.send(query("INSERT INTO written VALUES ('short')"), tooLong);
    const [last] = (await client.until("E")).slice(-1);
    expect(errorFields(last!)["C"]).toBe("08P01");
    expect(await client.closed()).toBe("end");
    expect(await database.onPrimary("SELECT left(text, 5) AS text FROM written")).toEqual([{ text: "short" }]);
  });
});

describe("a thread that stops", () => {
  test("takes no request into its books from a session that it has just ended", async () => {
    await using proxy = await startInlineProxy(mirrorTables(database.primary, database.mirror));
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RawClient.login(proxy, { user: "postgres", database: database.name })),
    );
    // Sent to sessions that are idle, ended and still open, all in one turn of the event loop or the next.
    const talk = clients.map(async (client) => {
      for (let n = 0; n < 200 && !client.socket.destroyed; n++) {
        client.send(query("SELECT 1"), parse("", "SELECT 2"), sync());
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await proxy.stop(5000);
    await Promise.all(talk);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectNothingLeft(proxy);
  });
});
