// Which server a client gets, by the name of the database that it asks for.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../helpers/clusters.ts";
import { RawClient } from "../../helpers/frames.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";
import { query, startupMessage } from "../../helpers/messages.ts";
import { fatal, type Target, values } from "./relay.ts";

const SIXTEEN = "16";
const EIGHTEEN = "18";

let database: TestDatabase;
let proxy: InlineProxy;

/** A [[databases]] entry. */
const on = (name: string, { host, port }: Target, databaseName?: string) => ({
  name,
  host,
  port,
  tls: "disable",
  ...(databaseName === undefined ? {} : { database_name: databaseName }),
});

beforeAll(async () => {
  database = await createDatabase("databases");
  proxy = await startInlineProxy({
    databases: [
      on(database.name, database.primary),
      on("renamed", database.mirror, database.name),
      on("naïve ünd 'quoted'", database.primary, database.name),
      on("postgres", database.mirror),
    ],
  });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** The major version and the database that a client lands on. */
async function landsOn(parameters: Record<string, string>, at = proxy): Promise<string[]> {
  await using client = await RawClient.login(at, parameters);
  const version = values(await client.exchange(query("SHOW server_version")));
  return [version[0]!.slice(0, 2), ...values(await client.exchange(query("SELECT current_database()")))];
}

test("each name leads to the server of its entry", async () => {
  expect(await landsOn({ user: "postgres", database: database.name })).toEqual([SIXTEEN, database.name]);
  expect(await landsOn({ user: "postgres", database: "postgres" })).toEqual([EIGHTEEN, "postgres"]);
});

test("database_name is the name on the server; everything else that the client said stays", async () => {
  expect(await landsOn({ user: "postgres", database: "renamed" })).toEqual([EIGHTEEN, database.name]);
  await using client = await RawClient.login(proxy, {
    database: "renamed",
    user: "postgres",
    application_name: "who asks",
    options: "-c search_path=elsewhere -c statement_timeout=4321",
    DateStyle: "German",
  });
  const shown = async (name: string): Promise<string> => values(await client.exchange(query(`SHOW ${name}`)))[0]!;
  expect(await shown("application_name")).toBe("who asks");
  expect(await shown("search_path")).toBe("elsewhere");
  expect(await shown("statement_timeout")).toBe("4321ms");
  expect(await shown("DateStyle")).toBe("German, DMY");
});

test("a name is compared as the text that it is", async () => {
  expect(await landsOn({ user: "postgres", database: "naïve ünd 'quoted'" })).toEqual([SIXTEEN, database.name]);
});

test("a client that names no database means the one of its user's name", async () => {
  expect(await landsOn({ user: "postgres" })).toEqual([EIGHTEEN, "postgres"]);
  expect(await landsOn({ user: "postgres", database: "" })).toEqual([EIGHTEEN, "postgres"]);
});

test("a name without an entry is 3D000 in PostgreSQL's words, where there is no *", async () => {
  await using client = await RawClient.connect(proxy);
  client.send(startupMessage({ user: "postgres", database: "nowhere" }));
  expect(await fatal(client)).toEqual({
    S: "FATAL",
    V: "FATAL",
    C: "3D000",
    M: 'database "nowhere" does not exist',
  });
});

test("* is every name that has no entry of its own", async () => {
  await using starred = await startInlineProxy({
    databases: [on("*", database.primary), on("postgres", database.mirror)],
  });
  expect(await landsOn({ user: "postgres", database: database.name }, starred)).toEqual([SIXTEEN, database.name]);
  expect(await landsOn({ user: "postgres", database: "template1" }, starred)).toEqual([SIXTEEN, "template1"]);
  expect(await landsOn({ user: "postgres", database: "postgres" }, starred)).toEqual([EIGHTEEN, "postgres"]);
});
