// A mirror that does not let pgsoak in as a server should: every request is a `connection` failure that says why, and
// nothing is paid for but the attempt.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import type { Behaviour } from "../helpers/fake-server.ts";
import { frame } from "../helpers/messages.ts";
import {
  authentication,
  authenticationOk,
  errorResponse,
  noticeResponse,
  readyForQuery,
  saslContinue,
  saslFinal,
  saslOffer,
  welcome,
} from "../helpers/server-messages.ts";
import { HostileMirror } from "./hostile-mirror.ts";
import { randomBytesOf } from "./random-bytes.ts";

const REQUESTS = 20;
const EMPTY = Buffer.alloc(0);
/** A flood is cut for its size or, where the machine is too busy to read it, for its time. */
const flood = /floods the connection|did not let us in in time/;

/** Sends the same to whoever comes. */
const saying =
  (...messages: readonly Buffer[]): Behaviour =>
  async (peer) => {
    await peer.startup();
    peer.send(...messages);
  };

/** Offers SCRAM and answers the client's first message; `nonce` is the client's. */
const scram =
  (answer: (nonce: string) => readonly Buffer[]): Behaviour =>
  async (peer) => {
    await peer.startup();
    peer.send(saslOffer("SCRAM-SHA-256"));
    const first = await peer.frame();
    const nonce = /r=([^,]*)$/.exec(first.body.toString("latin1"))?.[1];
    peer.send(...answer(nonce ?? ""));
  };

const challenge = (nonce: string, iterations: number): Buffer => saslContinue(`r=${nonce}x,s=AAAA,i=${iterations}`);

/** What the mirror does, and what the outcome must say about it. */
const logins: Readonly<Record<string, readonly [Behaviour, RegExp]>> = {
  "closes at once": [(peer) => void peer.socket.destroy(), /closed the connection|ECONNRESET/],
  "resets at once": [(peer) => void peer.socket.resetAndDestroy(), /ECONNRESET/],
  "says nothing": [saying(), /did not let us in in time/],
  "sends random bytes before it was asked": [(peer) => peer.send(randomBytesOf(1, 5000)), /a message of \d+ bytes/],
  "claims a message of 2 GB": [saying(frame("R", EMPTY, 0x7fffffff)), /a message of 2147483647 bytes/],
  "claims a message of 1 GB": [saying(frame("R", EMPTY, 0x3fffffff)), /a message of 1073741823 bytes/],
  "claims a message of 65 kB": [saying(frame("E", EMPTY, 65_541)), /a message of 65541 bytes/],
  "claims a message of no bytes": [saying(frame("R", EMPTY, 0)), /a message of 0 bytes/],
  "sends an authentication request without a code": [saying(frame("R")), /malformed authentication request/],
  "asks for a method that nobody has": [saying(authentication(0x7fffffff)), /authentication method 2147483647/],
  "asks for MD5 without salt": [saying(authentication(5)), /malformed authentication request/],
  "asks for the password twice": [saying(authentication(3), authentication(3)), /out of order/],
  "offers no mechanism": [saying(saslOffer()), /does not offer SCRAM-SHA-256/],
  "offers a thousand mechanisms": [saying(saslOffer(...Array<string>(1000).fill("X"))), /does not offer/],
  "begins SCRAM in the middle": [saying(saslContinue("r=x,s=AAAA,i=4096")), /out of order/],
  "ends SCRAM before it began": [saying(saslFinal("v=AAAA")), /out of order/],
  "asks for 2^31 iterations": [scram((nonce) => [challenge(nonce, 2 ** 31)]), /2147483648 SCRAM iterations/],
  "asks for no iterations": [scram((nonce) => [challenge(nonce, 0)]), /SCRAM message is malformed/],
  "sends another nonce": [scram(() => [challenge("other", 4096)]), /nonce does not continue ours/],
  "sends a nonce of 4 kB": [scram((nonce) => [challenge(nonce + "y".repeat(3900), 4096)]), /nonce does not continue/],
  "sends a challenge of 60 kB": [scram((nonce) => [challenge(nonce + "y".repeat(60_000), 4096)]), /too long/],
  "sends an empty challenge": [scram(() => [saslContinue("")]), /SCRAM message is malformed/],
  "sends a challenge of random bytes": [scram(() => [authentication(11, randomBytesOf(2, 200))]), /malformed/],
  "sends two challenges": [scram((nonce) => [challenge(nonce, 4096), challenge(nonce, 4096)]), /out of order/],
  "says ok in the middle of SCRAM": [scram(() => [authenticationOk(), readyForQuery()]), /out of order/],
  "is ready in the middle of SCRAM": [scram(() => [readyForQuery()]), /before it let us in/],
  "is ready while it waits for the proof": [
    scram((nonce) => [challenge(nonce, 4096), readyForQuery()]),
    /before it let us in/,
  ],
  "signs with a wrong signature": [
    async (peer) => {
      await scram((nonce) => [challenge(nonce, 4096)])(peer);
      await peer.frame();
      peer.send(saslFinal(`v=${Buffer.alloc(32).toString("base64")}`), welcome());
    },
    /could not prove/,
  ],
  "is ready without having let us in": [saying(readyForQuery()), /before it let us in/],
  "sends an error without fields": [saying(errorResponse({})), /withheld/],
  "sends an error of no bytes": [saying(frame("E")), /withheld/],
  "sends an error of random bytes": [saying(frame("E", randomBytesOf(3, 3000))), /./],
  "sends an error of 60 kB": [saying(errorResponse({ C: "28000", M: "x".repeat(60_000) })), /^x+…$/],
  "floods with notices": [
    async (peer) => {
      await peer.startup();
      await peer.pour(noticeResponse("x".repeat(1000)));
    },
    flood,
  ],
  "floods with random bytes in good frames": [
    async (peer) => {
      await peer.startup();
      await peer.pour(frame("?", randomBytesOf(4, 1000)));
    },
    flood,
  ],
};

describe.concurrent("a mirror that at login", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase("hostile_login");
  });

  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  test.each(Object.keys(logins))("%s", async (name) => {
    const [behaviour, reason] = logins[name]!;
    await using hostile = await HostileMirror.start(database, behaviour);
    for (const outcome of await hostile.ask(REQUESTS)) {
      expect(outcome).toMatchObject({ kind: "errored", category: "connection", attribution: "plumbing" });
      expect(outcome).toHaveProperty("message", expect.stringMatching(reason));
    }
    // One attempt at a time, and not one a request.
    expect(hostile.server.accepted).toBeLessThan(REQUESTS / 2);
    await hostile.recovers();
    await hostile.settles();
  });
});
