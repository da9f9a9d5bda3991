// The whole service with auth = "userlist": real clients, a primary and a mirror that ask for SCRAM, and a reload.

import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { withClient } from "../helpers/clusters.ts";
import type { ConfigTables } from "../helpers/config-text.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { startPgsoak } from "../helpers/start-pgsoak.ts";
import { settledStats } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { hasPrograms, run } from "../transparency/programs.ts";

const SECRET = "a s:e@c/r%e\"t'";
const NAMES = ["app", "stored"];

let primary: PostgresServer;
let mirror: PostgresServer;
let pgsoak: PgsoakProcess;
let verifier: string;

const entry = (name: string, { host, port }: PostgresServer) => ({ name, host, port, tls: "disable" });

function tables(): ConfigTables {
  return {
    general: { auth: "userlist" },
    databases: [entry("*", primary), entry("candidate", mirror)],
    mirroring: [{ source_db: "*", destination_db: "candidate" }],
    users: [
      { name: "app", password: SECRET },
      { name: "stored", scram_verifier: verifier },
    ],
  };
}

beforeAll(async () => {
  const auth = { auth: "scram-sha-256", password: "root's" } as const;
  [primary, mirror] = await Promise.all([startPostgres({ major: 16, ...auth }), startPostgres({ major: 18, ...auth })]);
  await withClient({ connectionString: primary.url() }, async (client) => {
    const secret = client.escapeLiteral(SECRET);
    for (const name of [...NAMES, "late"]) await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${secret}`);
    const { rows } = await client.query<{ v: string }>(
      "SELECT rolpassword AS v FROM pg_authid WHERE rolname = 'stored'",
    );
    verifier = rows[0]!.v;
  });
  await withClient({ connectionString: mirror.url() }, async (client) => {
    await client.query(`CREATE ROLE app LOGIN PASSWORD ${client.escapeLiteral(SECRET)}`);
    // The very same verifier: as after pg_upgrade, pg_dumpall or a restored backup.
    await client.query(`CREATE ROLE stored LOGIN PASSWORD '${verifier}'`);
  });
  pgsoak = await startPgsoakProcess({ tables: tables() });
});

afterAll(async () => {
  await pgsoak[Symbol.asyncDispose]();
  await Promise.all([primary.stop(), mirror.stop()]);
});

const nodePostgres = (user: string, password: string): Promise<string> =>
  withClient({ ...pgsoak.proxy, user, password, database: "postgres" }, async (client) => {
    const simple = await client.query<{ me: string }>("SELECT current_user AS me");
    const extended = await client.query<{ sum: number }>("SELECT $1::int + 1 AS sum", [41]);
    return `${simple.rows[0]!.me} ${extended.rows[0]!.sum}`;
  });

async function postgresJs(user: string, password: string): Promise<string> {
  const sql = postgres({ ...pgsoak.proxy, user, password, database: "postgres", max: 1, onnotice: () => {} });
  try {
    const [simple] = await sql.unsafe("SELECT current_user AS me");
    const [extended] = await sql`SELECT ${41}::int + 1 AS sum`;
    return `${simple!["me"]} ${extended!["sum"]}`;
  } finally {
    await sql.end();
  }
}

async function psql(user: string, password: string): Promise<string> {
  const { host, port } = pgsoak.proxy;
  const target = `host=${host} port=${port} user=${user} dbname=postgres sslmode=disable`;
  const script = "SELECT current_user, 42";
  const { code, stdout, stderr } = await run("psql", ["-XtA", "-F", " ", "-c", script, target], "", {
    PGPASSWORD: password,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

describe.each([
  { driver: "node-postgres", talk: nodePostgres },
  { driver: "postgres.js", talk: postgresJs },
  ...(hasPrograms("psql") ? [{ driver: "psql", talk: psql }] : []),
])("$driver", ({ talk }) => {
  test.each(NAMES)("gets in as %s with the right password, and not with a wrong one", async (name) => {
    expect(await talk(name, SECRET)).toBe(`${name} 42`);
    await expect(talk(name, "guess")).rejects.toThrow(`password authentication failed for user "${name}"`);
  });

  test("doesn't get in as somebody that isn't there", async () => {
    await expect(talk("nobody", SECRET)).rejects.toThrow('password authentication failed for user "nobody"');
  });
});

test("the mirror is entered by the password, and by a verifier alone: everything is mirrored", async () => {
  const seen = (await readSeen()) + 4;
  for (const name of NAMES) await nodePostgres(name, SECRET);
  const { total } = await settledStats(pgsoak, seen);
  expect(total).toMatchObject({ requests_mirrored: seen, errors_connection: 0, requests_dropped: 0 });
});

async function readSeen(): Promise<number> {
  const answer = await fetch(pgsoak.api("/stats"));
  return z.object({ total: z.object({ requests_total: z.number() }) }).parse(await answer.json()).total.requests_total;
}

test("failed logins are counted, and no password is in log or metrics", async () => {
  const metrics = await (await fetch(pgsoak.api("/metrics"))).text();
  expect(metrics).toMatch(/^pgsoak_client_login_failures_total\{reason="password"\} [1-9]/m);
  for (const text of [metrics, pgsoak.output()]) {
    expect(text).not.toContain("guess");
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(verifier.slice(20));
  }
});

test("a reload lets new users in and old ones out, and leaves those who are in alone", async () => {
  const refused = (name: string): string => `password authentication failed for user "${name}"`;
  await expect(nodePostgres("late", SECRET)).rejects.toThrow(refused("late"));
  await withClient({ ...pgsoak.proxy, user: "app", password: SECRET, database: "postgres" }, async (client) => {
    pgsoak.configure({
      ...tables(),
      users: [
        { name: "app", password: "changed" },
        { name: "late", password: SECRET },
      ],
    });
    pgsoak.signal("SIGHUP");
    await waitFor(() => pgsoak.output().includes('"msg":"configuration reloaded"'));
    expect(await nodePostgres("late", SECRET)).toBe("late 42");
    await expect(nodePostgres("stored", SECRET)).rejects.toThrow(refused("stored"));
    await expect(nodePostgres("app", SECRET)).rejects.toThrow(refused("app"));
    // pgsoak takes the new one; the primary doesn't know it yet, and says so itself.
    await expect(nodePostgres("app", "changed")).rejects.toThrow(refused("app"));
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
  expect(pgsoak.output()).toContain("the primary refuses pgsoak's login");
});

test("a mirror that refuses the login is said in the log, once a back-off, in a metric and in the verdict", async () => {
  await using misled = await startPgsoak({
    ...tables(),
    databases: [entry("*", primary), { ...entry("candidate", mirror), user: "app", password: "a wrong one" }],
  });
  await withClient({ ...misled.proxy, user: "app", password: SECRET, database: "postgres" }, async (client) => {
    for (let i = 0; i < 20; i++) await client.query("SELECT 1");
  });
  await settledStats(misled, 20);
  const answer = await (await fetch(misled.api("/readiness?window=1h"))).json();
  const { verdict, reasons } = z.object({ verdict: z.string(), reasons: z.array(z.string()) }).parse(answer);
  expect(verdict).toBe("NOT_READY");
  expect(reasons.join("\n")).toMatch(
    /The mirror refuses the login \(28P01\): password authentication failed for user "app" \(\d+ requests\)/,
  );
  const lines = misled.log().filter((line) => line.includes("mirror refuses the login"));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(6);
  expect(lines[0]).toContain('28P01: password authentication failed for user \\"app\\"');
  const metrics = await (await fetch(misled.api("/metrics"))).text();
  expect(metrics).toMatch(/^pgsoak_mirror_login_refusals_total\{cluster="candidate"\} [1-9]/m);
  expect(misled.log().join("") + metrics + JSON.stringify(answer)).not.toContain("a wrong one");
});
