// Every message type once more where pgsoak has let the client in itself: behind the login what is heard is the same as
// directly, byte for byte.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { createDatabase, type TestDatabase, withClient } from "../helpers/clusters.ts";
import { mirrorTables } from "../helpers/config-text.ts";
import type { Frame } from "../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";
import type { Target } from "./conditions.ts";
import { type Heard, hear, type Script } from "./hear.ts";
import { FIXTURE, SCRIPTS, SCRIPTS_BY_BYTE } from "./scripts.ts";

const SECRET = "secret";
const AUTHENTICATION_OK = 0;

let server: PostgresServer;
let database: TestDatabase;
let proxy: InlineProxy;

beforeAll(async () => {
  server = await startPostgres({ major: 16, auth: "scram-sha-256", password: SECRET });
  database = await createDatabase("userlist");
  await database.onMirror(FIXTURE);
  await withClient({ connectionString: server.url() }, (client) => client.query(`CREATE DATABASE ${database.name}`));
  await withClient({ connectionString: server.url(database.name) }, (client) => client.query(FIXTURE));
  proxy = await startInlineProxy({
    ...mirrorTables(server, database.mirror),
    general: { auth: "userlist" },
    users: [{ name: "postgres", password: SECRET }],
  });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await server.stop();
});

const isExchange = ({ type, body }: Frame): boolean => type === "R" && body.readInt32BE(0) !== AUTHENTICATION_OK;

/** All but the SASL exchange, whose nonces and salts are never the same. */
async function heardFrom(target: Target, script: Script, byteByByte = false): Promise<Heard> {
  const heard = await hear(target, script, { database: database.name, byteByByte, password: SECRET });
  return { ...heard, frames: heard.frames.filter((each) => !isExchange(each)) };
}

describe.each([
  { how: "in one piece", scripts: SCRIPTS, byteByByte: false },
  { how: "byte by byte", scripts: SCRIPTS_BY_BYTE, byteByByte: true },
])("$how", ({ scripts, byteByByte }) => {
  test.each(scripts)("$name: the same as directly", async (script) => {
    expect(await heardFrom(proxy, script, byteByByte)).toEqual(await heardFrom(server, script));
  });
});
