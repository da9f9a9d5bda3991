import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { withClient } from "../helpers/clusters.ts";
import { RawClient } from "../helpers/frames.ts";
import { startupMessage } from "../helpers/messages.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { settledStats } from "../helpers/stats-client.ts";
import { brokenTexts } from "./secret-broken-texts.ts";
import { credentials } from "./secret-credentials.ts";
import { literals } from "./secret-literals.ts";
import { SecretMarks } from "./secret-marks.ts";
import { secretSchema } from "./secret-schema.ts";
import { filesOf, statementsIn, type Surfaces, surfacesOf } from "./secret-surfaces.ts";
import { refusedByMirror, values } from "./secret-values.ts";

const POSTGRES = { user: "postgres", database: "postgres" };
/** How the mirror alone refused work: each of these quotes a value in its message. */
const REFUSALS = "22001 22003 22007 22023 22P02 23505 23514 2201B 28P01 42601 P0001".split(" ");
/** What passwords in files and URLs trip over. */
const AWKWARD = `:@/%"'\\`;

const marks = new SecretMarks();
const passwords = {
  mirror: marks.text("mirror password") + AWKWARD,
  wrongMirror: marks.text("wrong mirror password") + AWKWARD,
  client: marks.text("client password") + AWKWARD,
  console: marks.text("password of the console"),
};
const token = marks.text("token of the API");
const requests = [
  ...literals(marks),
  ...credentials(marks),
  ...brokenTexts(marks),
  ...values(marks),
  ...refusedByMirror(marks),
];

const address = ({ host, port }: { host: string; port: number }) => ({ host, port });
const entry = (name: string, at: { host: string; port: number }) => ({ name, ...address(at), tls: "disable" });
const hba = (user: string, how: string): string => `host all ${user} 127.0.0.1/32 ${how}`;

describe("a secret that passes through pgsoak", () => {
  let primary: PostgresServer;
  let mirror: PostgresServer;
  /** The mirror once more, for a mirroring that can't log in. */
  let otherWay: BreakableProxy;
  let pgsoak: PgsoakProcess;
  let surfaces: Surfaces;
  let files: Surfaces;

  beforeAll(async () => {
    [primary, mirror] = await Promise.all([
      startPostgres({
        major: 16,
        hba: [hba("locked", "scram-sha-256"), hba("plain", "password"), hba("all", "trust")],
      }),
      startPostgres({ major: 18, auth: "scram-sha-256", password: passwords.mirror }),
    ]);
    otherWay = await BreakableProxy.to(mirror);
    const make = (side: "primary" | "mirror") => (client: Client) =>
      client.query(secretSchema(side, requests, passwords.client));
    await withClient({ ...address(primary), ...POSTGRES }, make("primary"));
    await withClient({ ...address(mirror), ...POSTGRES, password: passwords.mirror }, make("mirror"));
    pgsoak = await startPgsoak();

    const byDrivers = await driversLogIn();
    await packetsLogIn();
    await using client = await RawClient.login(pgsoak.proxy, POSTGRES);
    for (const { messages } of requests) await client.exchange(...messages);
    await settledStats(pgsoak, 2 * (requests.length + byDrivers), 60_000);
    await strangersAsk();
    surfaces = await surfacesOf(pgsoak, token, passwords.console);
    await pgsoak.stop();
    files = filesOf(pgsoak);
  }, 120_000);

  afterAll(async () => {
    await pgsoak[Symbol.asyncDispose]();
    await otherWay[Symbol.asyncDispose]();
    await Promise.all([primary.stop(), mirror.stop()]);
  });

  /** Two mirrorings of the same traffic: one that works, and one that the mirror doesn't let in. */
  async function startPgsoak(): Promise<PgsoakProcess> {
    return await startPgsoakProcess({
      tables: {
        databases: [
          entry("*", primary),
          { ...entry("candidate", mirror), user: "postgres", password: passwords.mirror },
          { ...entry("misconfigured", otherWay), user: "postgres", password: passwords.wrongMirror },
        ],
        mirroring: ["candidate", "misconfigured"].map((destination) => ({
          source_db: "*",
          destination_db: destination,
          queue_length: 1000,
        })),
        api: { token, open_reads: true },
        admin: { password: passwords.console },
      },
    });
  }

  /** By SCRAM and in plain text, with the wrong and the right password. Returns how many requests followed. */
  async function driversLogIn(): Promise<number> {
    const users = ["locked", "plain"];
    for (const user of users) {
      const target = { ...pgsoak.proxy, user, database: "postgres" };
      const rejected = new Client({ ...target, password: marks.text(`wrong password of ${user}`) });
      rejected.on("error", () => {});
      await expect(rejected.connect()).rejects.toMatchObject({ code: "28P01" });
      await withClient({ ...target, password: passwords.client }, (client) =>
        client.query("SELECT v FROM path_driver WHERE v = $1", [marks.text("parameter of a driver")]),
      );
    }
    return users.length;
  }

  /** Startup packets with options that the primary refuses, and one that it takes. */
  async function packetsLogIn(): Promise<void> {
    for (const options of [`-c work_mem=${marks.text("refused option")}`, `-c ${marks.text("broken option")}`]) {
      await using refused = await RawClient.connect(pgsoak.proxy);
      refused.send(startupMessage({ ...POSTGRES, options }));
      await refused.until("E");
    }
    const names = {
      application_name: marks.text("application name"),
      options: `-c soak.token=${marks.text("option")}`,
    };
    await using _ = await RawClient.login(pgsoak.proxy, { ...POSTGRES, ...names });
  }

  /** What somebody asks for comes back to nobody else. */
  async function strangersAsk(): Promise<void> {
    const wrong = marks.text("wrong token");
    for (const path of [`/stats?token=${wrong}`, `/stats?${wrong}=1`, `/${wrong}`, "/metrics"]) {
      const answer = await fetch(pgsoak.api(path), { headers: { authorization: `Bearer ${wrong}` } });
      await answer.arrayBuffer();
    }
    const console = { host: "127.0.0.1", port: pgsoak.ports.admin, user: "operator", database: "pgsoak" };
    const guess = marks.text("wrong password of the console");
    await expect(withClient({ ...console, password: guess }, () => Promise.resolve())).rejects.toMatchObject({
      code: "28P01",
    });
    await withClient({ ...console, password: passwords.console }, async (client) => {
      const sent = marks.text("nonsense on the console");
      for (const sql of [sent, `SET ${sent} = '${sent}'`, `PAUSE MIRROR '${sent}'`, `SELECT '${sent}'`]) {
        await client.query(sql).catch(() => {});
      }
    });
  }

  test("is in no file, answer, command line or environment, in no form", () => {
    const found = [...surfaces, ...files].flatMap(([surface, bytes]) =>
      marks.foundIn(bytes).map((what) => `${surface}: ${what}`),
    );
    expect(found).toEqual([]);
  });

  test("leaves its statement behind, without it", () => {
    const statements = statementsIn(surfaces);
    const missing = requests.flatMap(({ kept }) => (kept === null || statements.has(kept) ? [] : [kept]));
    expect(missing).toEqual([]);
  });

  test("would have been found: what surrounds it is where it was looked for", () => {
    const log = files.get("file pgsoak.db")!.toString("latin1");
    for (const sign of ["path_plain", "mirror_int", ...REFUSALS]) expect(log).toContain(sign);
    expect(surfaces.get("/metrics")!.toString()).toContain('cluster="candidate"');
    expect(files.get("file output")!.toString()).toContain("misconfigured");
    const mark = marks.text("control");
    const forms = [mark.toUpperCase(), Buffer.from(mark).toString("hex"), Buffer.from(`x${mark}`).toString("base64")];
    for (const form of forms) expect(marks.foundIn(Buffer.from(`something ${form} else`))).toHaveLength(1);
  });
});
