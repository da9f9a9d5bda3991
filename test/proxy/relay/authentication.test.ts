// Authentication is between client and primary: pgsoak passes it on, whatever it is, and knows nothing of it.

import { Client, DatabaseError } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { withClient } from "../../helpers/clusters.ts";
import { errorFields, RawClient } from "../../helpers/frames.ts";
import type { InlineProxy } from "../../helpers/inline-proxy.ts";
import { password, query, startupMessage } from "../../helpers/messages.ts";
import { fatal, startRelay, types, values } from "./relay.ts";

const SECRET = "pa ss'wö\"rd%";
const METHODS = { trust: "trust", password: "password", md5: "md5", scram: "scram-sha-256", cert: "reject" };

let server: PostgresServer;
let relay: InlineProxy;

beforeAll(async () => {
  const hba = Object.entries(METHODS).map(([role, method]) => `host all ${role} 127.0.0.1/32 ${method}`);
  server = await startPostgres({ major: 16, hba: [...hba, "host all postgres 127.0.0.1/32 trust"] });
  await withClient({ connectionString: server.url() }, async (client) => {
    const secret = client.escapeLiteral(SECRET);
    for (const role of Object.keys(METHODS)) {
      await client.query(`SET password_encryption = '${role === "md5" ? "md5" : "scram-sha-256"}'`);
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${secret}`);
    }
  });
  relay = await startRelay(server);
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await server.stop();
});

/** What a server says to a login, and who it then says we are. */
async function logIn(target: { host: string; port: number }, user: string, secret: string): Promise<unknown> {
  const { host, port } = target;
  const client = new Client({ host, port, user, password: secret, database: "postgres" });
  try {
    await client.connect();
    const { rows } = await client.query("SELECT current_user AS me");
    return rows;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const { severity, code, message, detail, routine } = error;
    return { severity, code, message, detail, routine };
  } finally {
    await client.end();
  }
}

describe.each(Object.keys(METHODS))("a user that the primary authenticates by %s", (user) => {
  test.each([
    { name: "the right", secret: SECRET },
    { name: "a wrong", secret: "guess" },
  ])("hears the primary's own answer to $name password", async ({ secret }) => {
    const there = await logIn(server, user, secret);
    expect(await logIn(relay, user, secret)).toEqual(there);
    if (user === "cert") expect(there).toMatchObject({ severity: "FATAL", code: "28000" });
    else if (secret === SECRET || user === "trust") expect(there).toEqual([{ me: user }]);
    else expect(there).toMatchObject({ code: "28P01", message: `password authentication failed for user "${user}"` });
  });
});

const startup = startupMessage({ user: "password", database: "postgres" });

test("a password may come with the startup packet, and a query with the password", async () => {
  await using eager = await RawClient.connect(relay);
  eager.send(startup, password(SECRET), query("SELECT 'early'"));
  expect(types(await eager.until("Z"))).toMatch(/^RRS+KZ$/);
  expect(values(await eager.until("Z"))).toEqual(["early"]);
});

test("a password may come byte by byte", async () => {
  await using slow = await RawClient.connect(relay);
  slow.send(startup);
  await slow.frame();
  for (const byte of Buffer.concat([password(SECRET), query("SELECT 'slow'")])) slow.send(Buffer.of(byte));
  await slow.until("Z");
  expect(values(await slow.until("Z"))).toEqual(["slow"]);
});

test("a query in place of a password is refused by the primary, and never counted as a request", async () => {
  await using client = await RawClient.connect(relay);
  client.send(startup, query("SELECT 1"));
  const error = (await client.until("E")).at(-1)!;
  expect(errorFields(error)).toMatchObject({ C: "08P01", M: "expected password response, got message type 81" });
  await client.closed();
});

test("a second startup packet does not change who the client is", async () => {
  await using client = await RawClient.login(relay, { user: "trust", database: "postgres" });
  client.send(startupMessage({ user: "postgres", database: "postgres" }));
  expect(await fatal(client)).toMatchObject({ C: "08P01", M: "invalid frontend message type 0" });
});
