// auth = "userlist": pgsoak finds out who a client is, and then enters the primary for it, whatever that asks for.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { CLIENT_CONNECTIONS, FAILED_LOGINS } from "../../../src/proxy/gauges.ts";
import { withClient } from "../../helpers/clusters.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { cancelRequest, query, startupMessage } from "../../helpers/messages.ts";
import { loginScram, proofFor } from "../../helpers/scram-login.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import { createScramVerifier } from "../../../src/proxy/protocol/scram-verifier.ts";
import { fatal, values } from "../relay/relay.ts";
import { logIn, startUserlist } from "./userlist.ts";

const SECRET = "pa ss'wö\"rd%";
const METHODS = { trust: "trust", password: "password", md5: "md5", scram: "scram-sha-256" };

let server: PostgresServer;
let verifier: string;
let proxy: InlineProxy;

const wrongPassword = (user: string) => ({
  severity: "FATAL",
  code: "28P01",
  message: `password authentication failed for user "${user}"`,
});

beforeAll(async () => {
  const hba = Object.entries(METHODS).map(([role, method]) => `host all ${role} 127.0.0.1/32 ${method}`);
  server = await startPostgres({
    major: 16,
    hba: [
      ...hba,
      "host all stored 127.0.0.1/32 scram-sha-256",
      "host all hashed 127.0.0.1/32 md5",
      "host all plain 127.0.0.1/32 password",
      "host all postgres 127.0.0.1/32 trust",
    ],
  });
  await withClient({ connectionString: server.url() }, async (client) => {
    const secret = client.escapeLiteral(SECRET);
    for (const role of [...Object.keys(METHODS), "stored", "hashed", "plain", "barred", "full"]) {
      await client.query(`SET password_encryption = '${/md5|hashed/.test(role) ? "md5" : "scram-sha-256"}'`);
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${secret}`);
    }
    await client.query(`ALTER ROLE scram CONNECTION LIMIT 1`);
    await client.query(`CREATE DATABASE shop`);
    const { rows } = await client.query<{ v: string }>(
      "SELECT rolpassword AS v FROM pg_authid WHERE rolname = 'stored'",
    );
    verifier = rows[0]!.v;
  });
  const known = Object.keys(METHODS).map((name) => ({ name, password: SECRET }));
  proxy = await startUserlist(server, [
    ...known,
    { name: "stored", scram_verifier: verifier },
    { name: "plain", scram_verifier: verifier },
    { name: "hashed", scram_verifier: verifier },
    { name: "barred", password: SECRET },
    { name: "shopper", password: SECRET, databases: ["shop"] },
  ]);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});

test.each(Object.keys(METHODS))(
  "a client with the right password is let in, as itself, where the primary asks for %s",
  async (user) => {
    expect(await logIn(proxy, user, SECRET)).toEqual({ me: user, database: "postgres" });
  },
);

test("a client with a wrong password is refused by pgsoak, in PostgreSQL's words", async () => {
  expect(await logIn(proxy, "scram", "guess")).toEqual(wrongPassword("scram"));
  expect(await logIn(proxy, "scram", "guess")).toEqual(await logIn(server, "scram", "guess"));
});

test("a user that is not in the list is refused like one with a wrong password, and so is one that only the primary knows", async () => {
  expect(await logIn(proxy, "nobody", SECRET)).toEqual(wrongPassword("nobody"));
  expect(await logIn(proxy, "postgres", "x")).toEqual(wrongPassword("postgres"));
});

test("with a stored verifier alone pgsoak enters a server that keeps the same one, by what the client has proved", async () => {
  expect(await logIn(proxy, "stored", SECRET)).toEqual({ me: "stored", database: "postgres" });
  expect(await logIn(proxy, "stored", "guess")).toEqual(wrongPassword("stored"));
});

test.each([
  ["plain", "asks for a password"],
  ["hashed", "asks for an MD5-hashed password"],
])("a verifier is no password: where %s needs one, client and log are told", async (user, what) => {
  const reason = `he primary ${what} for user "${user}", and there is only a scram_verifier, which can't give one`;
  expect(await logIn(proxy, user, SECRET)).toMatchObject({
    severity: "FATAL",
    code: "28000",
    message: "pgsoak cannot log in to the primary server",
    detail: `T${reason}.`,
  });
  const line = proxy.lines.find(({ fields }) => String(fields["cause"]).includes(`"${user}"`));
  expect(line).toMatchObject({ level: "warn", message: "the primary cannot be entered" });
  expect(line!.fields["cause"]).toBe(`t${reason}`);
});

test("a verifier with another salt than the server's is known from a wrong password", async () => {
  const other = verifier.replace(/:[^$]+\$/, ":AAAAAAAAAAAAAAAAAAAAAA==$");
  await using mismatched = await startUserlist(server, [{ name: "stored", scram_verifier: other }]);
  expect(await logIn(mismatched, "stored", SECRET)).toEqual(wrongPassword("stored"));
  // The same password under another salt: the client is let in, the server is not convinced.
  const made = await createScramVerifier(SECRET);
  const base64 = (bytes: Buffer): string => bytes.toString("base64");
  const text = `SCRAM-SHA-256$4096:${base64(made.salt)}$${base64(made.storedKey)}:${base64(made.serverKey)}`;
  await using salted = await startUserlist(server, [{ name: "stored", scram_verifier: text }]);
  expect(await logIn(salted, "stored", SECRET)).toMatchObject({
    code: "28000",
    detail: expect.stringContaining("another salt or number of iterations"),
  });
});

test("the database entry's own user and password win over the client's", async () => {
  await using fixed = await startUserlist(server, [{ name: "anybody", password: "their own" }], {
    databases: [{ name: "*", host: server.host, port: server.port, tls: "disable", user: "md5", password: SECRET }],
  });
  expect(await logIn(fixed, "anybody", "their own")).toEqual({ me: "md5", database: "postgres" });
  await using client = await RawClient.connect(fixed);
  client.send(await proofFor(client, { user: "anybody" }, "their own"));
  // Without a database it is the one with the client's name, not the login's.
  expect(await fatal(client)).toMatchObject({ C: "3D000", M: 'database "anybody" does not exist' });
});

test("a user may enter the databases of its entry alone, and learns so after its password only", async () => {
  expect(await logIn(proxy, "shopper", "guess")).toEqual(wrongPassword("shopper"));
  expect(await logIn(proxy, "shopper", SECRET)).toEqual({
    severity: "FATAL",
    code: "42501",
    message: 'permission denied for database "postgres"',
    detail: "The user's [[users]] entry in pgsoak's configuration does not name this database.",
  });
});

test("a database without an entry is not there, for those who know a password", async () => {
  const entry = { name: "postgres", host: server.host, port: server.port, tls: "disable" };
  await using narrow = await startUserlist(server, [{ name: "md5", password: SECRET }], { databases: [entry] });
  expect(await logIn(narrow, "md5", "guess", "shop")).toEqual(wrongPassword("md5"));
  expect(await logIn(narrow, "md5", SECRET, "shop")).toMatchObject({ code: "3D000" });
  expect(await logIn(narrow, "md5", SECRET)).toMatchObject({ me: "md5" });
});

test("what the primary itself refuses is told in its own words", async () => {
  expect(await logIn(proxy, "md5", SECRET, "nowhere")).toEqual(await logIn(server, "md5", SECRET, "nowhere"));
  const refused = await logIn(proxy, "barred", SECRET);
  expect(refused).toEqual(await logIn(server, "barred", SECRET));
  expect(refused).toMatchObject({ code: "28000", message: expect.stringContaining("no pg_hba.conf entry") });
  expect(proxy.lines).toContainEqual({
    type: "log",
    level: "warn",
    message: "the primary refuses pgsoak's login",
    fields: { database: "*", user: "barred", sqlstate: "28000" },
  });
  const { client } = await loginScram(proxy, { user: "scram", database: "postgres" }, SECRET);
  await using _ = client;
  expect(await logIn(proxy, "scram", SECRET)).toMatchObject({
    code: "53300",
    message: 'too many connections for role "scram"',
  });
});

test("what a client sends behind its proof waits until the primary has let pgsoak in, and is answered then", async () => {
  await using client = await RawClient.connect(proxy);
  const proof = await proofFor(client, { user: "md5", database: "postgres" }, SECRET);
  client.send(proof, query("SELECT 'first'"), query("SELECT 'second'"));
  client.halfClose();
  await client.until("Z");
  expect(values(await client.until("Z"))).toEqual(["first"]);
  expect(values(await client.until("Z"))).toEqual(["second"]);
  expect(await client.closed()).toBe("end");
});

test("a client that closes its side behind its proof still hears the login's answer", async () => {
  await using client = await RawClient.connect(proxy);
  client.send(await proofFor(client, { user: "scram", database: "postgres" }, SECRET));
  client.halfClose();
  await client.until("Z");
  expect(await client.closed()).toBe("end");
});

test("a login may come byte by byte", async () => {
  await using client = await RawClient.connect(proxy);
  client.send = (...messages) => {
    for (const byte of Buffer.concat(messages)) client.socket.write(Buffer.of(byte));
  };
  client.send(await proofFor(client, { user: "scram", database: "postgres" }, SECRET), query("SELECT 'slow'"));
  await client.until("Z");
  expect(values(await client.until("Z"))).toEqual(["slow"]);
});

test("nobody waits less for a failure than half a second, takes up a connection meanwhile, and is counted", async () => {
  const counted = (): number => proxy.gauges.sum(FAILED_LOGINS.password);
  const before = counted();
  await using client = await RawClient.connect(proxy);
  const proof = await proofFor(client, { user: "md5", database: "postgres" }, "guess");
  const since = performance.now();
  client.send(proof);
  await waitFor(() => counted() === before + 1);
  expect(proxy.gauges.sum(CLIENT_CONNECTIONS)).toBeGreaterThan(0);
  expect(errorFields((await client.until("E")).at(-1)!)).toMatchObject({ C: "28P01" });
  expect(performance.now() - since).toBeGreaterThan(450);
  await client.closed();
  await waitFor(() => proxy.gauges.sum(CLIENT_CONNECTIONS) === 0);
});

test("the log names who failed and why, and holds no password", async () => {
  await logIn(proxy, "md5", "a wrong guess");
  await logIn(proxy, 'evil\n"name"', "a wrong guess");
  const failed = proxy.lines.filter(({ message }) => message === "a client's login failed");
  expect(failed.at(-2)!.fields).toMatchObject({ user: "md5", database: "postgres", cause: "wrong password" });
  expect(failed.at(-1)!.fields).toMatchObject({ user: 'evil\n"name"', cause: "no [[users]] entry" });
  expect(failed.at(-1)!.fields["address"]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(JSON.stringify(proxy.lines)).not.toContain("guess");
  expect(JSON.stringify(proxy.lines)).not.toContain(SECRET);
});

test("a driver that asks for a password only when it needs one is no failure", async () => {
  const before = Object.values(FAILED_LOGINS).map((column) => proxy.gauges.sum(column));
  await using client = await RawClient.connect(proxy);
  client.send(startupMessage({ user: "md5", database: "postgres" }));
  await client.frame();
  client.halfClose();
  await client.closed();
  expect(Object.values(FAILED_LOGINS).map((column) => proxy.gauges.sum(column))).toEqual(before);
});

test("a second startup packet behind the proof reaches no server", async () => {
  await using client = await RawClient.connect(proxy);
  const proof = await proofFor(client, { user: "md5", database: "postgres" }, SECRET);
  client.send(proof, startupMessage({ user: "postgres", database: "postgres" }));
  await client.until("Z");
  expect(errorFields((await client.until("E")).at(-1)!)).toMatchObject({ C: "08P01" });
});

test("a cancel by the client's key stops what runs", async () => {
  const { client, frames } = await loginScram(proxy, { user: "scram", database: "postgres" }, SECRET);
  await using _ = client;
  const key = frames.find(({ type }) => type === "K")!.body;
  client.send(query("SELECT pg_sleep(60)"));
  await withClient({ connectionString: server.url() }, (watcher) =>
    waitFor(async () => {
      const { rows } = await watcher.query("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'");
      return rows.length === 1;
    }),
  );
  await using canceller = await RawClient.connect(proxy);
  canceller.send(cancelRequest(key.readInt32BE(0), key.subarray(4)));
  expect(errorFields((await client.until("E")).at(-1)!)).toMatchObject({ C: "57014" });
});
