// A mirror that lets pgsoak in and then answers requests as no server should: it costs the connection or the request, the
// outcome says what happened, and the client sees nothing of it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import type { FakePeer } from "../helpers/fake-server.ts";
import { copyData, frame } from "../helpers/messages.ts";
import {
  commandComplete,
  dataRow,
  errorResponse,
  noticeResponse,
  notification,
  oneRow,
  parameterStatus,
  readyForQuery,
  rowDescription,
  saslOffer,
  welcome,
} from "../helpers/server-messages.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { answering, HostileMirror } from "./hostile-mirror.ts";
import { randomBytesOf } from "./random-bytes.ts";

const EMPTY = Buffer.alloc(0);
/** Together more than a mirror may say at once without being asked, but in a second never as much. */
const CHATS = 8;
const CHAT_BYTES = 150_000;

const lost = { kind: "errored", category: "connection", attribution: "plumbing" };
const broken = { ...lost, sqlstate: "08P01" };
const overdue = { kind: "errored", category: "timeout", attribution: "timeout" };
const failed = { kind: "errored", category: "query", attribution: "other", sqlstate: "" };
const match = { kind: "mirrored", parity: "match" };

type Answer = (peer: FakePeer) => unknown;

const saying =
  (...messages: readonly Buffer[]): Answer =>
  (peer) => {
    peer.send(...messages);
  };

const sayingAndClosing =
  (...messages: readonly Buffer[]): Answer =>
  (peer) => {
    peer.send(...messages);
    peer.socket.end();
  };

/** What it answers, what becomes of the request, and how often it is asked. What takes time is asked once. */
const answers: Readonly<Record<string, readonly [Answer, object, number?]>> = {
  "closes the connection": [(peer) => peer.socket.destroy(), lost, 3],
  "resets the connection": [(peer) => peer.socket.resetAndDestroy(), lost, 3],
  "closes in the middle of a message": [sayingAndClosing(oneRow("asked").subarray(0, 20)), lost, 3],
  "sends random bytes": [saying(randomBytesOf(5, 5000)), broken, 3],
  "claims a message of 2 GB": [saying(frame("D", EMPTY, 0x7fffffff)), broken, 3],
  "claims a message of 4 GB": [saying(frame("D", EMPTY, -1)), broken, 3],
  "claims a message of 3 bytes": [saying(frame("D", EMPTY, 3)), broken, 3],
  "claims a message of 1 GB and sends nothing of it": [saying(frame("D", EMPTY, 0x3fffffff)), overdue],
  "says a last word without fields": [sayingAndClosing(errorResponse({})), lost, 3],
  "fails without fields": [saying(errorResponse({}), readyForQuery()), failed, 3],
  "fails with random fields": [saying(frame("E", randomBytesOf(6, 5000)), readyForQuery()), failed, 3],
  "fails with half a field": [saying(frame("E", Buffer.from("C42")), readyForQuery()), failed, 3],
  "fails with a state that is none": [saying(errorResponse({ C: "4\n711", M: "x" }), readyForQuery()), failed, 3],
  "fails twenty thousand times": [
    saying(...Array<Buffer>(20_000).fill(errorResponse({ C: "XX000", M: "x" })), readyForQuery()),
    { ...failed, sqlstate: "XX000" },
  ],
  "never answers": [() => {}, overdue],
  "asks for the password again": [saying(saslOffer("SCRAM-SHA-256")), overdue],
  "welcomes us again": [saying(welcome()), { kind: "mirrored", parity: "different_rows" }],
  "is ready without an answer": [saying(readyForQuery()), { kind: "mirrored", parity: "different_rows" }, 3],
  "is ready without a status": [saying(oneRow("asked").subarray(0, -6), frame("Z")), match, 3],
  "is ready in a state that does not exist": [saying(oneRow("asked").subarray(0, -1), Buffer.from("?")), match, 3],
  "completes a command without a tag": [
    saying(rowDescription("?column?"), frame("C"), readyForQuery()),
    { kind: "mirrored", parity: "different_rows" },
    3,
  ],
  "counts more rows than there are numbers": [
    saying(rowDescription("?column?"), commandComplete(`SELECT ${"9".repeat(60)}`), readyForQuery()),
    { kind: "mirrored", parity: "different_rows" },
    3,
  ],
  "asks for data that nobody has": [saying(frame("G", Buffer.from([0, 0, 0]))), overdue],
  "copies out what was not asked for": [saying(copyData(randomBytesOf(7, 100)), oneRow("asked")), match, 3],
  "talks of other things too": [
    saying(
      parameterStatus("client_encoding", "LATIN1"),
      notification(7, "channel", "of the mirror"),
      noticeResponse("of the mirror"),
      oneRow("asked"),
      notification(7, "channel", "late"),
      parameterStatus("server_version", "99"),
    ),
    match,
    3,
  ],
  "floods with notices": [(peer) => peer.pour(noticeResponse("x".repeat(100))), overdue],
  "floods with rows": [(peer) => peer.pour(dataRow(Buffer.alloc(100))), overdue],
  "floods with the smallest messages": [(peer) => peer.pour(Buffer.concat(Array(5000).fill(frame("I")))), overdue],
  "sends rows of 100 MB": [(peer) => peer.pour(dataRow(Buffer.alloc(100 << 20))), overdue],
};

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("hostile_answers");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe.concurrent("a mirror that when it is asked", () => {
  test.each(Object.keys(answers))("%s", async (name) => {
    const [answer, expected, times = 1] = answers[name]!;
    await using hostile = await HostileMirror.start(database, (peer) => answering(database, answer)(peer));
    for (let n = 0; n < times; n++) expect(await hostile.ask(1)).toMatchObject([expected]);
    await hostile.recovers();
    await hostile.settles();
  });
});

describe.concurrent("a mirror that speaks without being asked", () => {
  test("is left when it answers twice, before the second answer can stand for another one", async () => {
    const twice = answering(database, saying(oneRow("asked"), oneRow("asked")));
    await using hostile = await HostileMirror.start(database, twice);
    for (let n = 1; n <= 5; n++) {
      expect(await hostile.ask(1)).toMatchObject([match]);
      expect(hostile.server.accepted).toBe(n);
    }
    await hostile.settles();
  });

  test("is listened to for as long as it does not flood, however much that is in the end", async () => {
    const chatting = answering(database, (peer) => {
      peer.send(oneRow("asked"));
      let left = CHATS;
      const chat = setInterval(() => {
        if (left-- === 0) clearInterval(chat);
        else peer.send(notification(7, "channel", "x".repeat(CHAT_BYTES)));
      }, 300);
    });
    await using hostile = await HostileMirror.start(database, chatting);
    expect(await hostile.ask(1)).toMatchObject([match]);
    const heard = (): boolean => hostile.server.bytesWritten > CHATS * CHAT_BYTES;
    await waitFor(heard, { message: "it has said more than is borne at once" });
    expect(await hostile.ask(1)).toMatchObject([match]);
    expect(hostile.server.accepted).toBe(1);
    await hostile.settles();
  });

  test("is left when it floods", async () => {
    const flooding = answering(database, (peer) => {
      peer.send(oneRow("asked"));
      void peer.pour(notification(7, "channel", "x".repeat(1000)));
    });
    await using hostile = await HostileMirror.start(database, flooding);
    expect(await hostile.ask(1)).toMatchObject([match]);
    await waitFor(() => hostile.server.open === 0, { message: "the connection is cut" });
    await hostile.recovers();
    await hostile.settles();
  });
});
