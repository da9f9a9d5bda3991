// A primary that breaks the protocol: its client sees the very bytes, or those before pgsoak could not follow any more,
// and then a close. Sessions of other servers don't notice, and the mirror says nothing that isn't known.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { type Behaviour, FakeServer } from "../helpers/fake-server.ts";
import { RawClient } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import { frame, query, startupMessage } from "../helpers/messages.ts";
import {
  authentication,
  authenticationOk,
  dataRow,
  errorResponse,
  noticeResponse,
  oneRow,
  readyForQuery,
  rowDescription,
  saslOffer,
  welcome,
} from "../helpers/server-messages.ts";
import { expectNothingLeft } from "./nothing-left.ts";
import { randomBytesOf } from "./random-bytes.ts";

const EMPTY = Buffer.alloc(0);

/** What it says before it lets the client in, in the place of a login; then it closes. */
const logins: Readonly<Record<string, Buffer>> = {
  nothing: EMPTY,
  "random bytes": randomBytesOf(11, 3000),
  "a message of 2 GB": frame("R", EMPTY, 0x7fffffff),
  "a message of 4 GB": frame("R", EMPTY, -1),
  "a message of no bytes": frame("R", EMPTY, 0),
  "half a message": authenticationOk().subarray(0, 7),
  "an authentication request without a code": frame("R"),
  "a method that nobody has": authentication(99),
  "a thousand mechanisms": saslOffer(...Array<string>(1000).fill("X")),
  "an error without fields": errorResponse({}),
  "an error of random bytes": frame("E", randomBytesOf(12, 3000)),
  "keys of no bytes": Buffer.concat([authenticationOk(), frame("K"), frame("K", Buffer.alloc(5000))]),
  "an answer that nobody asked for": oneRow("1"),
};

/** What it says to a request, and whether pgsoak can follow it to the end; then it closes. */
const answers: Readonly<Record<string, Buffer>> = {
  nothing: EMPTY,
  "random bytes": randomBytesOf(13, 3000),
  "a message of 2 GB": frame("D", EMPTY, 0x7fffffff),
  "a message of 4 GB": frame("D", EMPTY, -1),
  "a message of 3 bytes": Buffer.concat([rowDescription("x"), frame("D", EMPTY, 3), oneRow("1")]),
  "half a row": oneRow("1").subarray(0, 40),
  "an answer and half a header": Buffer.concat([oneRow("1"), Buffer.from("D\0")]),
  "an error of random bytes": Buffer.concat([frame("E", randomBytesOf(14, 3000)), readyForQuery()]),
  "ready without a status": frame("Z"),
  "ready in a state that does not exist": frame("Z", Buffer.of(0)),
  "ready a hundred times": Buffer.concat(Array<Buffer>(100).fill(readyForQuery())),
  "a copy that nobody began": Buffer.concat([frame("G", Buffer.of(0, 0, 0)), readyForQuery()]),
  "login messages": welcome(),
  "a row of 5 MB and notices": Buffer.concat([dataRow(Buffer.alloc(5 << 20)), noticeResponse("n"), oneRow("1")]),
};

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("hostile_primary");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** The database `hostile` is on the server, mirrored to a sane mirror; every other one is sane and not mirrored. */
function startBefore(server: FakeServer): Promise<InlineProxy> {
  const address = { tls: "disable", user: "postgres", database_name: database.name };
  return startInlineProxy({
    databases: [
      { name: "*", tls: "disable", host: database.primary.host, port: database.primary.port },
      { name: "hostile", tls: "disable", host: server.host, port: server.port },
      { name: "candidate", ...address, host: database.mirror.host, port: database.mirror.port },
    ],
    mirroring: [{ source_db: "hostile", destination_db: "candidate" }],
  });
}

/** What a client hears that asks once, up to the close, beside a session of another server. */
async function hearingOf(behaviour: Behaviour): Promise<Buffer> {
  await using server = await FakeServer.start(behaviour);
  await using proxy = await startBefore(server);
  await using canary = await RawClient.login(proxy, { user: "postgres", database: database.name });
  const song = await canary.exchange(query("SELECT 1"));
  await using client = await RawClient.connect(proxy);
  client.send(startupMessage({ user: "postgres", database: "hostile" }), query("SELECT 1"));
  expect(await client.closed()).toBe("end");
  expect(await canary.exchange(query("SELECT 1"))).toEqual(song);
  await canary[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await expectNothingLeft(proxy);
  const { seen } = await proxy.tally(0);
  for (const outcome of await proxy.outcomes(seen)) expect(outcome.kind).toBe("mirrored");
  return client.received;
}

describe.concurrent("a primary that says instead of a login", () => {
  test.each(Object.keys(logins))("%s", async (name) => {
    const said = logins[name]!;
    const heard = await hearingOf(async (peer) => {
      await peer.startup();
      peer.send(said);
      peer.socket.end();
    });
    expect(heard).toEqual(said);
  });
});

describe.concurrent("a primary that answers with", () => {
  test.each(Object.keys(answers))("%s", async (name) => {
    const said = answers[name]!;
    const heard = await hearingOf(async (peer) => {
      await peer.startup();
      peer.send(welcome());
      await peer.frame();
      peer.send(said);
      peer.socket.end();
    });
    // Behind a length that no message has pgsoak may stop at the end of any chunk.
    const whole = Buffer.concat([welcome(), said]);
    const bad = whole.length - heard.length;
    expect(heard).toEqual(whole.subarray(0, heard.length));
    if (!/random bytes$|of \d/.test(name)) expect(bad).toBe(0);
  });
});
