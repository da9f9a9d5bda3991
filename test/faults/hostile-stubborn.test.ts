import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { relayTo } from "../helpers/fake-server.ts";
import { frame } from "../helpers/messages.ts";
import { noticeResponse, oneRow, readyForQuery } from "../helpers/server-messages.ts";
import { answering, HostileMirror } from "./hostile-mirror.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("hostile_stubborn");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe.concurrent("a hostile mirror", () => {
  test("that never leaves its transaction is left, and does not keep the processor busy", async () => {
    let rollbacks = 0;
    await using hostile = await HostileMirror.start(
      database,
      relayTo(database.mirror, (peer, { type, body }) => {
        if (type !== "Q") return false;
        if (body.includes("ROLLBACK")) rollbacks++;
        peer.send(oneRow("asked").subarray(0, -6), readyForQuery("T"));
        return true;
      }),
    );
    await hostile.ask(3);
    expect(rollbacks).toBeLessThan(10);
    await hostile.recovers();
    await hostile.settles();
  });

  test("that asks for data and then only chats runs into the timeout", async () => {
    await using hostile = await HostileMirror.start(database, (peer) =>
      answering(database, ({ socket }) => {
        peer.send(frame("G", Buffer.from([0, 0, 0])));
        const chat = setInterval(() => socket.write(noticeResponse("still there")), 50);
        socket.on("close", () => clearInterval(chat));
      })(peer),
    );
    expect(await hostile.ask(1)).toMatchObject([{ kind: "errored", category: "timeout" }]);
    await hostile.settles();
  });

  test("that lets everybody in and dies of every request is not connected to for every request", async () => {
    await using hostile = await HostileMirror.start(
      database,
      answering(database, (peer) => peer.socket.destroy()),
    );
    await hostile.ask(50);
    expect(hostile.server.accepted).toBeLessThan(20);
    await hostile.recovers();
    await hostile.settles();
  });
});
