// A mirror that runs and doesn't let pgsoak in: clients notice nothing, and nobody has to guess why nothing is mirrored.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { MIRROR_REFUSED_LOGINS } from "../../../src/proxy/gauges.ts";
import { primary, withClient } from "../../helpers/clusters.ts";
import { mirrorTables } from "../../helpers/config-text.ts";
import { startInlineProxy } from "../../helpers/inline-proxy.ts";

const SECRET = "the right one";

let mirror: PostgresServer;

beforeAll(async () => {
  mirror = await startPostgres({
    major: 18,
    password: SECRET,
    hba: [
      "host all postgres 127.0.0.1/32 scram-sha-256",
      "host all plain 127.0.0.1/32 password",
      "host all hashed 127.0.0.1/32 md5",
    ],
  });
  await withClient({ connectionString: mirror.url() }, async (client) => {
    await client.query("CREATE ROLE stranger LOGIN");
    await client.query("CREATE ROLE plain LOGIN PASSWORD 'another'");
    await client.query("SET password_encryption = md5");
    await client.query("CREATE ROLE hashed LOGIN PASSWORD 'another'");
  });
});

afterAll(() => mirror.stop());

const asks = (what: string, user: string): string =>
  `the mirror asks for ${what} for user "${user}", and neither [[databases]] "candidate" nor a [[users]] entry has one`;

test.each([
  {
    name: "the password is wrong",
    entry: { password: "a wrong one" },
    cause: '28P01: password authentication failed for user "postgres"',
  },
  {
    name: "pg_hba.conf has no entry",
    entry: { user: "stranger", password: SECRET },
    cause: expect.stringMatching(/^28000: no pg_hba\.conf entry for host /) as string,
  },
  {
    name: "the database is missing",
    entry: { password: SECRET, database_name: "nowhere" },
    cause: '3D000: database "nowhere" does not exist',
  },
  { name: "there is no password", entry: {}, cause: `28000: ${asks("a password", "postgres")}` },
  { name: "there is no plain password", entry: { user: "plain" }, cause: `28000: ${asks("a password", "plain")}` },
  {
    name: "there is no password for MD5",
    entry: { user: "hashed" },
    cause: expect.stringContaining("28000: the mirror asks for ") as string,
  },
])("when $name, the log, the events and a counter say so", async ({ entry, cause }) => {
  const tables = mirrorTables(primary(), mirror);
  const [source, candidate] = tables.databases!;
  await using proxy = await startInlineProxy({ ...tables, databases: [source!, { ...candidate!, ...entry }] });
  const { host, port } = proxy;
  await withClient({ host, port, user: "postgres", database: "postgres" }, async (client) => {
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await proxy.outcomes(1);
  });
  const line = proxy.lines.find(({ message }) => message === "mirror refuses the login");
  expect(line).toMatchObject({ level: "warn", fields: { mirroring: "candidate", cause } });
  expect(proxy.gauges.sumMirroring(0, MIRROR_REFUSED_LOGINS)).toBeGreaterThan(0);
  const [outcome] = await proxy.outcomes(1);
  expect(outcome).toMatchObject({ kind: "errored", category: "connection" });
  const [seen] = await proxy.eventsOf("observation_changed");
  expect(seen).toMatchObject({ state: "mirror_down", cause });
  expect(JSON.stringify([proxy.lines, await proxy.events()])).not.toMatch(/the right one|a wrong one/);
});

/** An address that nobody takes for this machine's own, though it is. */
const ELSEWHERE = "127.1";

test.each(["plain", "hashed"])(
  "a password of [[users]] is not said in clear text or by MD5 where the mirror may be somebody else: %s",
  async (user) => {
    const tables = mirrorTables(primary(), { host: ELSEWHERE, port: mirror.port });
    const [source, candidate] = tables.databases!;
    const entered = async (entry: Record<string, string>, host = ELSEWHERE): Promise<unknown> => {
      await using proxy = await startInlineProxy({
        ...tables,
        databases: [source!, { ...candidate!, host, user, database_name: "postgres", ...entry }],
        users: [{ name: user, password: "another" }],
      });
      await withClient({ ...proxy, user: "postgres", database: "postgres" }, async (client) => {
        await client.query("SELECT 1");
        await proxy.outcomes(1);
      });
      const line = proxy.lines.find(({ message }) => message === "mirror refuses the login");
      return line?.fields["cause"] ?? (await proxy.outcomes(1))[0]?.kind;
    };
    expect(await entered({})).toContain("that of a [[users]] entry is given so only with tls");
    expect(await entered({}, "127.0.0.1")).toBe("mirrored");
    expect(await entered({ password: "another" })).toBe("mirrored");
  },
);
