// What pgsoak refuses while it asks a client for its password, held against what PostgreSQL itself says to the same bytes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { errorFields, type Frame, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { frame, query, startupMessage, sync, terminate } from "../../helpers/messages.ts";
import { saslInitial, saslResponse } from "../../helpers/scram-login.ts";
import { startUserlist, type Target } from "./userlist.ts";

const SECRET = "secret";
const STARTUP = startupMessage({ user: "postgres", database: "postgres" });
const FIRST = "n,,n=,r=abcdefghijkl";

let server: PostgresServer;
let proxy: InlineProxy;

beforeAll(async () => {
  server = await startPostgres({ major: 18, auth: "scram-sha-256", password: SECRET });
  proxy = await startUserlist(server, [{ name: "postgres", password: SECRET }]);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});

/** The frames of the whole conversation; of the server's nonce and of errors only what is the same in each. */
async function conversation(target: Target, messages: readonly (Buffer | ((nonce: string) => Buffer))[]) {
  await using client = await RawClient.connect(target);
  client.send(STARTUP);
  const heard: unknown[] = [await client.frame()];
  let nonce = "";
  for (const message of messages) {
    client.send(typeof message === "function" ? message(nonce) : message);
    if (message === messages.at(-1)) break;
    const answer = await client.frame();
    nonce = /r=([^,]+)/.exec(answer.body.toString("latin1"))?.[1] ?? nonce;
    heard.push(answer.body.subarray(0, 4));
  }
  await client.closed();
  const rest: Frame[] = [];
  while (client.received.length > 0) {
    const next = await client.frame().catch(() => null);
    if (next === null) break;
    rest.push(next);
  }
  return [...heard, ...rest.map(comparable)];
}

function comparable(answer: Frame): unknown {
  if (answer.type !== "E") return answer.type;
  const { S, V, C, M, D } = errorFields(answer);
  return { S, V, C, M, D };
}

const PROOF = Buffer.alloc(32).toString("base64");
const finals = (text: (nonce: string) => string) => [saslInitial(FIRST), (nonce: string) => saslResponse(text(nonce))];

describe.concurrent("a client that is asked for its password", () => {
  test.each<[string, readonly (Buffer | ((nonce: string) => Buffer))[]]>([
    ["sends a Query", [query("SELECT 1")]],
    ["sends a Sync", [sync()]],
    ["says goodbye", [terminate()]],
    ["sends a second startup packet", [STARTUP]],
    ["sends HTTP", [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    ["chooses another mechanism", [saslInitial(FIRST, "PLAIN")]],
    ["chooses channel binding", [saslInitial("p=tls-server-end-point,,n=,r=abc", "SCRAM-SHA-256-PLUS")]],
    ["names no mechanism", [frame("p", Buffer.from("SCRAM-SHA-256"))]],
    ["sends nothing", [frame("p")]],
    ["sends a mechanism and no length", [frame("p", Buffer.from("SCRAM-SHA-256\0\0\0"))]],
    ["announces more than it sends", [saslInitial(FIRST, undefined, 1000)]],
    ["announces less than it sends", [saslInitial(FIRST, undefined, 3)]],
    ["announces a negative length", [saslInitial(FIRST, undefined, -2)]],
    ["announces no data and sends some", [saslInitial(FIRST, undefined, -1)]],
    ["sends an empty first message", [saslInitial("")]],
    ["sends a NUL", [saslInitial("n,,n=,r=abc\0def")]],
    ["sends a message that is too long", [saslInitial(`n,,n=,r=${"x".repeat(1100)}`)]],
    ["claims a message of 2 GB", [frame("p", Buffer.alloc(0), 0x7fff_ffff)]],
    ["claims a message of 3 bytes", [frame("p", Buffer.alloc(0), 3)]],
    ["claims a negative message", [frame("p", Buffer.alloc(0), -1)]],
    ["sends the flag p", [saslInitial("p=tls-server-end-point,,n=,r=abc")]],
    ["sends an unknown flag", [saslInitial("x,,n=,r=abc")]],
    ["sends a flag that can't be printed", [saslInitial("\u0001,,n=,r=abc")]],
    ["sends no comma behind the flag", [saslInitial("nn,n=,r=abc")]],
    ["sends the flag alone", [saslInitial("n")]],
    ["wants to be somebody else", [saslInitial("n,a=root,n=,r=abc")]],
    ["sends another attribute in place of that", [saslInitial("n,b=root,n=,r=abc")]],
    ["needs an extension", [saslInitial("n,,m=ext,n=,r=abc")]],
    ["sends no user", [saslInitial("n,,r=abc")]],
    ["sends no nonce", [saslInitial("n,,n=")]],
    ["sends an attribute without a value", [saslInitial("n,,n")]],
    ["sends an empty nonce, then a Query", [saslInitial("n,,n=,r="), query("SELECT 1")]],
    ["sends a nonce that can't be printed", [saslInitial("n,,n=,r=a b")]],
    ["sends a further attribute that is none", [saslInitial("n,,n=,r=abc,=1")]],
    ["sends an extension without =", [saslInitial("n,,n=,r=abc,x")]],
    ["ends its first message with a comma, then sends a Query", [saslInitial("n,,n=,r=abc,"), query("SELECT 1")]],
    ["sends no initial response, then another mechanism", [saslInitial("", undefined, -1), saslResponse("n,a=x,")]],
    ["sends a wrong proof", finals((nonce) => `c=biws,r=${nonce},p=${PROOF}`)],
    ["sends a wrong proof with an extension", finals((nonce) => `c=biws,r=${nonce},x=1,p=${PROOF}`)],
    ["sends another nonce", finals(() => `c=biws,r=abcdefghijkl,p=${PROOF}`)],
    ["changes the flag", finals((nonce) => `c=eSws,r=${nonce},p=${PROOF}`)],
    ["sends another channel binding", finals((nonce) => `c=cD10bHMtdW5pcXVlLCw=,r=${nonce},p=${PROOF}`)],
    ["sends no proof", finals((nonce) => `c=biws,r=${nonce}`)],
    ["sends a short proof", finals((nonce) => `c=biws,r=${nonce},p=AAAA`)],
    ["sends a proof that is no base64", finals((nonce) => `c=biws,r=${nonce},p=${"!".repeat(44)}`)],
    ["sends something behind the proof", finals((nonce) => `c=biws,r=${nonce},p=${PROOF},x=1`)],
    ["sends an empty answer", finals(() => "")],
    ["sends a Query in place of the proof", [saslInitial(FIRST), query("SELECT 1")]],
    ["sends a password in place of the proof", [saslInitial(FIRST), frame("p", Buffer.from(`${SECRET}\0`))]],
  ])("and %s hears what PostgreSQL says", async (_name, messages) => {
    const [here, there] = await Promise.all([conversation(proxy, messages), conversation(server, messages)]);
    expect(here).toEqual(there);
  });

  test("gets the same offer, and the same form of challenge for users that there are and that there aren't", async () => {
    const challenge = async (target: Target, user: string): Promise<string[]> => {
      const heard: string[] = [];
      for (let attempt = 0; attempt < 2; attempt++) {
        await using client = await RawClient.connect(target);
        client.send(startupMessage({ user, database: "postgres" }));
        const offer = (await client.frame()).body.toString("latin1");
        client.send(saslInitial(FIRST));
        const [, salt, iterations] = (await client.frame()).body.toString("latin1").split(",");
        heard.push(offer, salt!, iterations!);
      }
      return heard;
    };
    const [known, stranger, another] = [
      await challenge(proxy, "postgres"),
      await challenge(proxy, "stranger"),
      await challenge(proxy, "another"),
    ];
    for (const [offer, salt, iterations, ...again] of [known, stranger, another]) {
      expect([offer, salt, iterations]).toEqual([expect.stringContaining("SCRAM-SHA-256\0\0"), salt, "i=4096"]);
      expect(salt).toMatch(/^s=[A-Za-z0-9+/]{22}==$/);
      expect(again).toEqual([offer, salt, iterations]);
    }
    expect(new Set([known[1], stranger[1], another[1]]).size).toBe(3);
    expect((await challenge(server, "stranger"))[0]).toBe(stranger[0]);
  });
});
