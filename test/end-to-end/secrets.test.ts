import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { type PostgresServer, startPostgres } from "../../src/demo/postgres-server.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { withClient } from "../helpers/clusters.ts";
import { RawClient } from "../helpers/frames.ts";
import { startupMessage } from "../helpers/messages.ts";
import { type PgsoakProcess, startPgsoakProcess } from "../helpers/pgsoak-process.ts";
import { readStatsOf } from "../helpers/stats-client.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { SecretMarks } from "./secret-marks.ts";
import { brokenTexts, credentials, literals, type SecretRequest } from "./secret-statements.ts";
import { MIRROR_FUNCTIONS, MIRROR_TYPES, refusedByMirror, values } from "./secret-values.ts";

const POSTGRES = { user: "postgres", database: "postgres" };
/** What passwords in files and URLs trip over. */
const AWKWARD = `:@/%"'\\`;

const marks = new SecretMarks();
const mirrorPassword = marks.text("mirror password") + AWKWARD;
const wrongPassword = marks.text("wrong mirror password") + AWKWARD;
const clientPassword = marks.text("client password") + AWKWARD;
const token = marks.text("token of the API");
const consolePassword = marks.text("password of the console");
const requests = [...literals(marks), ...credentials(marks), ...brokenTexts(marks), ...values(marks), ...refusedByMirror(marks)];

/** What both sides have, but for what the mirror refuses. */
function schema(side: "primary" | "mirror"): string {
  const tables = requests.flatMap(({ kept }) => [...(kept ?? "").matchAll(/\b(?:from|into|update|copy) (path_\w+)/g)]);
  const quoted = `'${clientPassword.replaceAll("'", "''")}'`;
  return [
    ...new Set(["path_driver", ...tables.map(([, name]) => name)].map((name) => `CREATE TABLE ${name} (v text, n bigint);`)),
    "CREATE TYPE mood AS ENUM ('fine');",
    ...MIRROR_TYPES.map(({ name, type }) => `CREATE TABLE mirror_${name} (v ${side === "mirror" ? type : "text"});`),
    ...MIRROR_FUNCTIONS.map(({ name, body }) => {
      const work = side === "mirror" ? `${body};` : "";
      return `CREATE FUNCTION mirror_${name}(v text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN ${work} END $f$;`;
    }),
    `SET standard_conforming_strings = on; CREATE ROLE locked SUPERUSER LOGIN PASSWORD ${quoted}; CREATE ROLE plain SUPERUSER LOGIN PASSWORD ${quoted};`,
  ].join("\n");
}

describe("a secret that passes through pgsoak", () => {
  let primary: PostgresServer;
  let mirror: PostgresServer;
  let otherWay: BreakableProxy;
  let pgsoak: PgsoakProcess;
  const surfaces = new Map<string, Buffer>();
  let statements: ReadonlySet<string>;

  beforeAll(async () => {
    const local = (user: string, how: string): string => `host all ${user} 127.0.0.1/32 ${how}`;
    [primary, mirror] = await Promise.all([
      startPostgres({ major: 16, hba: [local("locked", "scram-sha-256"), local("plain", "password"), local("all", "trust")] }),
      startPostgres({ major: 18, auth: "scram-sha-256", password: mirrorPassword }),
    ]);
    otherWay = await BreakableProxy.to(mirror);
    await Promise.all([
      withClient({ ...address(primary), ...POSTGRES }, (client) => client.query(schema("primary"))),
      withClient({ ...address(mirror), ...POSTGRES, password: mirrorPassword }, (client) => client.query(schema("mirror"))),
    ]);
    const entry = (name: string, server: { host: string; port: number }) => ({ name, ...address(server), tls: "disable" });
    pgsoak = await startPgsoakProcess({
      tables: {
        databases: [
          entry("*", primary),
          { ...entry("candidate", mirror), user: "postgres", password: mirrorPassword },
          { ...entry("misconfigured", otherWay), user: "postgres", password: wrongPassword },
        ],
        mirroring: ["candidate", "misconfigured"].map((destination) => ({
          source_db: "*",
          destination_db: destination,
          queue_length: 1000,
          timeout_ms: 60_000,
        })),
        api: { token, open_reads: true },
        admin: { password: consolePassword },
      },
    });
    await login();
    await refusedLogins();
    await fire(requests);
    await waitFor(isSettled, { timeoutMs: 30_000, message: "every request has its outcome" });
    await look();
    await pgsoak.stop();
    for (const file of readdirSync(pgsoak.folder)) {
      if (file !== "pgsoak.toml") surfaces.set(`file ${file}`, readFileSync(join(pgsoak.folder, file)));
    }
  }, 120_000);

  afterAll(async () => {
    await pgsoak[Symbol.asyncDispose]();
    await otherWay[Symbol.asyncDispose]();
    await Promise.all([primary.stop(), mirror.stop()]);
  });

  /** As programs do it, with passwords that the primary checks. */
  async function login(): Promise<void> {
    for (const user of ["locked", "plain"]) {
      const rejected = new Client({ ...pgsoak.proxy, user, database: "postgres", password: marks.text(`wrong password of ${user}`) });
      rejected.on("error", () => {});
      await expect(rejected.connect()).rejects.toMatchObject({ code: "28P01" });
      await withClient({ ...pgsoak.proxy, user, database: "postgres", password: clientPassword }, (client) =>
        client.query("SELECT v FROM path_driver WHERE v = $1", [marks.text("parameter of a driver")]),
      );
    }
  }

  /** Startup packets that the primary refuses, and one that it takes. */
  async function refusedLogins(): Promise<void> {
    for (const options of [`-c work_mem=${marks.text("refused option")}`, `-c nothing.like.this -c${marks.text("broken option")}`]) {
      await using refused = await RawClient.connect(pgsoak.proxy);
      refused.send(startupMessage({ ...POSTGRES, options }));
      await refused.until("E");
    }
    const options = `-c soak.token=${marks.text("startup option")}`;
    const name = marks.text("application name");
    await using taken = await RawClient.login(pgsoak.proxy, { ...POSTGRES, options, application_name: name });
    await fire([{ kept: null, messages: [] }], taken);
  }

  async function fire(all: readonly SecretRequest[], client?: RawClient): Promise<void> {
    await using own = client ?? (await RawClient.login(pgsoak.proxy, POSTGRES));
    for (const { messages } of all) if (messages.length > 0) await own.exchange(...messages);
  }

  /** Each mirroring saw every request of `requests` and two of the drivers. */
  async function isSettled(): Promise<boolean> {
    const { total } = await readStatsOf(pgsoak);
    return total.requests_total >= 2 * (requests.length + 2) && total.requests_in_flight === 0;
  }

  /** Everything that a person or a program can get to see while it runs. */
  async function look(): Promise<void> {
    const bearer = { authorization: `Bearer ${token}` };
    const wrong = marks.text("wrong token");
    for (const path of ["/metrics", "/stats", "/healthz", "/healthz/recording", `/stats?token=${wrong}`, `/${wrong}`]) {
      for (const headers of [bearer, { authorization: `Bearer ${wrong}` }, {}]) {
        const answer = await fetch(pgsoak.api(path), { headers });
        // What somebody asked for comes back to nobody else.
        const body = Buffer.from(await answer.text());
        if (!path.includes(wrong)) surfaces.set(`${path} ${Object.values(headers).length}`, body);
      }
    }
    for (const command of [["stats"], ["stats", "--json"], ["events"], ["events", "--json"], ["check"]]) {
      surfaces.set(`pgsoak ${command.join(" ")}`, Buffer.from(await pgsoakSays(...command)));
    }
    const lines = surfaces.get("pgsoak events --json")!.toString().trim().split("\n");
    statements = new Set(lines.map((line) => (JSON.parse(line) as { statement?: string }).statement ?? ""));
    for (const pid of [pgsoak.pid!, ...childrenOf(pgsoak.pid!)]) {
      for (const file of ["cmdline", "environ"]) surfaces.set(`${file} of ${pid}`, readFileSync(`/proc/${pid}/${file}`));
    }
    for (const file of ["pgsoak.db", "pgsoak.db-wal"]) {
      surfaces.set(`${file} while it runs`, readFileSync(join(pgsoak.folder, file)));
    }
  }

  async function pgsoakSays(...args: readonly string[]): Promise<string> {
    let said = "";
    const say = (text: string): void => void (said += text);
    const code = await runProgram([...args, "--config", pgsoak.configFile], { stdout: say, stderr: say, env: {} });
    expect([args, code]).toEqual([args, 0]);
    return said;
  }

  test("is in no file, answer, command line or environment, in no form", () => {
    const found = [...surfaces].flatMap(([surface, bytes]) => marks.foundIn(bytes).map((what) => `${surface}: ${what}`));
    expect(found).toEqual([]);
  });

  test("leaves its statement behind, without it", () => {
    const missing = requests.flatMap(({ kept }) => (kept === null || statements.has(kept) ? [] : [kept]));
    expect(missing).toEqual([]);
  });

  test("would have been found: what surrounds it is where it was looked for", () => {
    const db = surfaces.get("file pgsoak.db")!.toString("latin1");
    for (const sign of ["path_plain", "mirror_int", "28P01", "22P02", "P0001"]) expect(db).toContain(sign);
    expect(surfaces.get("/metrics 1")!.toString()).toContain('cluster="candidate"');
    expect(surfaces.get("file output")!.toString()).toContain("misconfigured");
    const mark = marks.text("control");
    for (const form of [mark.toUpperCase(), Buffer.from(mark).toString("hex"), Buffer.from(`x${mark}`).toString("base64")]) {
      expect(marks.foundIn(Buffer.from(`something ${form} else`))).toHaveLength(1);
    }
  });
});

const address = ({ host, port }: { host: string; port: number }) => ({ host, port });

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) => {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  });
}
