// What pgsoak is entrusted with under auth = "userlist" stays with it: passwords of users and servers, verifiers, guesses.

import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { withClient } from "../helpers/clusters.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { SecretMarks } from "./secret-marks.ts";
import { filesOf, type Surfaces, surfacesOf } from "./secret-surfaces.ts";

const marks = new SecretMarks();
const secret = (place: string): string => `${marks.text(place)}:@/%"'\\`;
const passwords = {
  app: secret("password of a user"),
  stored: secret("password behind a verifier"),
  unknown: secret("password that the primary does not know"),
  owner: secret("password of the database entry"),
  wrongMirror: secret("wrong password of the mirror"),
  later: secret("password after a reload"),
  console: marks.text("password of the console"),
};
const token = marks.text("token of the API");
const guesses = ["app", "stored", "unknown", "nobody"].map((user) => ({ user, password: secret(`guess at ${user}`) }));

let server: PostgresServer;
let pgsoak: PgsoakProcess;
let verifier: string;
let surfaces: Surfaces;
let files: Surfaces;

beforeAll(async () => {
  server = await startPostgres({ major: 16, auth: "scram-sha-256", password: passwords.owner });
  await withClient({ connectionString: server.url() }, async (client) => {
    for (const [role, given] of Object.entries({ app: passwords.app, stored: passwords.stored, unknown: "other" })) {
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(given)}`);
    }
    const { rows } = await client.query<{ v: string }>(
      "SELECT rolpassword AS v FROM pg_authid WHERE rolname = 'stored'",
    );
    verifier = rows[0]!.v;
  });
  pgsoak = await startPgsoakProcess({ tables: tables() });
  await logIn("app", passwords.app);
  await logIn("stored", passwords.stored);
  for (const { user, password } of guesses) await refused(user, password, "postgres");
  await refused("unknown", passwords.unknown, "postgres");
  await refused("app", passwords.app, "elsewhere");
  await logIn("app", passwords.app, "owned");
  pgsoak.configure({ ...tables(), users: [{ name: "app", password: passwords.later }] });
  pgsoak.signal("SIGHUP");
  await waitFor(() => pgsoak.output().includes('"msg":"configuration reloaded"'));
  await refused("app", passwords.later, "postgres");
  surfaces = await surfacesOf(pgsoak, token, passwords.console);
  await pgsoak.stop();
  files = filesOf(pgsoak);
}, 60_000);

afterAll(async () => {
  await pgsoak[Symbol.asyncDispose]();
  await server.stop();
});

function tables() {
  const at = { host: server.host, port: server.port, tls: "disable" };
  return {
    general: { auth: "userlist" },
    databases: [
      { name: "postgres", ...at },
      { name: "owned", ...at, database_name: "postgres", user: "postgres", password: passwords.owner },
      { name: "candidate", ...at, database_name: "template1", user: "postgres", password: passwords.wrongMirror },
    ],
    mirroring: [{ source_db: "postgres", destination_db: "candidate" }],
    users: [
      { name: "app", password: passwords.app },
      { name: "stored", scram_verifier: verifier },
      { name: "unknown", password: passwords.unknown },
    ],
    api: { token, open_reads: true },
    admin: { password: passwords.console },
  };
}

const target = (user: string, password: string, database: string) => ({ ...pgsoak.proxy, user, password, database });

async function logIn(user: string, password: string, database = "postgres"): Promise<void> {
  await withClient(target(user, password, database), (client) => client.query("SELECT 1"));
}

async function refused(user: string, password: string, database: string): Promise<void> {
  const client = new Client(target(user, password, database));
  client.on("error", () => {});
  await expect(client.connect()).rejects.toThrow(/authentication failed|does not exist/);
  await client.end();
}

describe("a secret that pgsoak checks or logs in with", () => {
  test("is in no file, answer, command line or environment, in no form", () => {
    const found = [...surfaces, ...files].flatMap(([surface, bytes]) =>
      marks.foundIn(bytes).map((what) => `${surface}: ${what}`),
    );
    expect(found).toEqual([]);
  });

  test("is not there as a verifier either", () => {
    const [, keys = ""] = verifier.slice("SCRAM-SHA-256$".length).split("$");
    const [storedKey = "", serverKey = ""] = keys.split(":");
    expect(storedKey).toHaveLength(44);
    for (const [surface, bytes] of [...surfaces, ...files]) {
      for (const key of [storedKey, serverKey]) expect([surface, bytes.includes(key)]).toEqual([surface, false]);
    }
  });

  test("would have been found: what surrounds it is where it was looked for", () => {
    const output = files.get("file output")!.toString();
    for (const sign of [
      '"user":"nobody"',
      "wrong password",
      "the primary refuses pgsoak's login",
      "mirror refuses the login",
    ]) {
      expect(output).toContain(sign);
    }
    expect(surfaces.get("/metrics")!.toString()).toMatch(/client_login_failures_total\{reason="password"\} 4/);
    expect(surfaces.get("pgsoak check")!.toString()).toContain('password = "********"');
  });
});
