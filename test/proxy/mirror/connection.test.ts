import { expect, test } from "vitest";
import { type ConnectionOwner, MirrorConnection } from "../../../src/proxy/mirror/connection.ts";
import { FakeServer } from "../../helpers/fake-server.ts";
import { authenticationOk, readyForQuery } from "../../helpers/server-messages.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const BYTES = 64 << 20;

/** A connection to a server that lets it in. */
async function connected(server: FakeServer): Promise<MirrorConnection> {
  const entered = Promise.withResolvers<void>();
  const owner: ConnectionOwner = {
    ready: () => entered.resolve(),
    ended: ({ reason }) => entered.reject(new Error(reason)),
    wanted: () => 0,
    frame: () => {},
    drained: () => {},
    expectation: () => "answer",
  };
  const connection = new MirrorConnection({
    owner,
    enter: (work) => work(),
    server: {
      name: "candidate",
      host: server.host,
      port: server.port,
      databaseName: null,
      user: null,
      password: null,
      tls: "disable",
      tlsCa: null,
    },
    parameters: new Map([["user", "app"]]),
    credential: null,
    timeoutMs: 5000,
    maxMessageBytes: 1 << 20,
  });
  await entered.promise;
  return connection;
}

test("a mirror that reads no more is left at once, and what it has not taken is let go", async () => {
  let taken = 0;
  let isOver = false;
  const reads = Promise.withResolvers<void>();
  await using server = await FakeServer.start(async (peer) => {
    await peer.startup();
    peer.send(authenticationOk(), readyForQuery());
    peer.socket.removeAllListeners("data");
    peer.socket.pause();
    await reads.promise;
    peer.socket.on("data", (chunk: Buffer) => (taken += chunk.length));
    peer.socket.on("close", () => (isOver = true));
    peer.socket.resume();
  });
  const connection = await connected(server);
  connection.write(Buffer.alloc(BYTES));
  await waitFor(() => !connection.writable);
  connection.close();
  reads.resolve();
  await waitFor(() => isOver);
  expect(taken).toBeLessThan(BYTES);
});
