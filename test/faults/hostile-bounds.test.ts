import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT_CONNECTIONS } from "../../src/proxy/gauges.ts";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { relayTables } from "../helpers/config-text.ts";
import { type FakePeer, FakeServer, relayTo } from "../helpers/fake-server.ts";
import { RawClient } from "../helpers/frames.ts";
import { startInlineProxy } from "../helpers/inline-proxy.ts";
import { startupMessage } from "../helpers/messages.ts";
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  noticeResponse,
  readyForQuery,
} from "../helpers/server-messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { liveBytes } from "./heap.ts";
import { answering, HostileMirror } from "./hostile-mirror.ts";

const CANCEL_REQUEST = 80_877_102;
const REQUESTS = 3000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("pending_bounds");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe("a hostile mirror", () => {
  // MirrorSession.expectation() says "answer" while its own requests run, the drain of an overdue one among them: what
  // comes then is read as fast as it comes, though nobody needs it. "excess" reads it slowly.
  test("that floods on after its time is over is read slowly until it is given up", async () => {
    let flooding: FakePeer | null = null;
    const flood = noticeResponse("x".repeat(60_000));
    await using hostile = await HostileMirror.start(
      database,
      answering(database, (peer) => {
        flooding = peer;
        void peer.pour(flood);
      }),
    );
    expect(await hostile.ask(1)).toMatchObject([{ kind: "errored", category: "timeout" }]);
    await waitFor(() => flooding?.ended, { message: "the connection is given up" });
    expect(flooding!.socket.bytesWritten).toBeLessThan(100 << 20);
  });

  test("that floods the connection of a CancelRequest is not read from", async () => {
    let cancelled: FakePeer | null = null;
    await using hostile = await HostileMirror.start(database, async (peer) => {
      const packet = await peer.startup();
      if (packet.readUInt32BE(4) === CANCEL_REQUEST) {
        cancelled = peer;
        await peer.pour(noticeResponse("x".repeat(60_000)));
      } else {
        await answering(database, () => {})(peer);
      }
    });
    expect(await hostile.ask(1)).toMatchObject([{ kind: "errored", category: "timeout" }]);
    await waitFor(() => cancelled?.ended, { message: "the connection is given up" });
    // What the kernels hold in between is not ours to bound.
    expect(cancelled!.socket.bytesWritten).toBeLessThan(32 << 20);
  });

  test("that fails with another SQLSTATE each time does not make the proxy remember all of them", async () => {
    let n = 0;
    await using hostile = await HostileMirror.start(
      database,
      relayTo(database.mirror, (peer, frame) => {
        if (frame.type !== "Q" || !frame.body.includes("'asked'")) return false;
        const sqlstate = (n++).toString(36).toUpperCase().padStart(5, "Z");
        peer.send(errorResponse({ S: "ERROR", V: "ERROR", C: sqlstate, M: "x" }), readyForQuery());
        return true;
      }),
    );
    const outcomes = await hostile.ask(REQUESTS);
    const states = new Set(outcomes.map((outcome) => outcome.kind === "errored" && outcome.sqlstate));
    // FAILURES_MAX of recording.ts, and what stands for the rest.
    expect(states.size).toBeLessThan(2100);
  });
});

describe("a hostile primary", () => {
  test("that gives keys without number leaves nothing of them behind", async () => {
    let pid = 0;
    await using server = await FakeServer.start(async (peer) => {
      await peer.startup();
      const keys = Array.from({ length: 100_000 }, () => backendKeyData(pid++, Buffer.from([1, 2, 3, 4])));
      peer.send(authenticationOk(), ...keys, readyForQuery());
    });
    await using proxy = await startInlineProxy(relayTables(server));
    const before = await liveBytes();
    for (let n = 0; n < 3; n++) {
      await using client = await RawClient.connect(proxy);
      client.send(startupMessage({ user: "postgres" }));
      await client.until("Z");
    }
    await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0, { message: "the clients are gone" });
    expect((await liveBytes()) - before).toBeLessThan(10_000_000);
  });
});
