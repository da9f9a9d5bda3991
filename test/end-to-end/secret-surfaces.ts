// Everything that a person or a program can get to see of a pgsoak process.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { COMMANDS as CONSOLE_COMMANDS } from "../../src/api/console/commands.ts";
import { runProgram } from "../../src/cli/program.ts";
import { EXIT_USAGE } from "../../src/errors.ts";
import { withClient } from "../helpers/clusters.ts";
import type { PgsoakProcess } from "../helpers/pgsoak-process.ts";

const PATHS = ["/metrics", "/stats", "/healthz", "/healthz/recording", "/", "/status", "/statements", "/epochs"];
const COMMANDS = [
  ["stats"],
  ["stats", "--json"],
  ["events"],
  ["events", "--json"],
  ["readiness"],
  ["report"],
  ["check"],
];

/** By what it is called. */
export type Surfaces = ReadonlyMap<string, Buffer>;

/** Of a process that runs. Only the files are left when it has ended: see filesOf(). */
export async function surfacesOf(pgsoak: PgsoakProcess, token: string, password: string): Promise<Surfaces> {
  const surfaces = new Map<string, Buffer>();
  for (const path of PATHS) {
    const answer = await fetch(pgsoak.api(path), { headers: { authorization: `Bearer ${token}` } });
    surfaces.set(path, Buffer.from(await answer.text()));
  }
  for (const command of COMMANDS) {
    surfaces.set(`pgsoak ${command.join(" ")}`, Buffer.from(await said([...command, "--config", pgsoak.configFile])));
  }
  for (const [command, answer] of await consoleSays(pgsoak, password)) surfaces.set(`console ${command}`, answer);
  for (const pid of [pgsoak.pid!, ...childrenOf(pgsoak.pid!)]) {
    for (const file of ["cmdline", "environ"]) surfaces.set(`${file} of ${pid}`, readFileSync(`/proc/${pid}/${file}`));
  }
  for (const [name, bytes] of filesOf(pgsoak)) surfaces.set(`${name} while it runs`, bytes);
  return surfaces;
}

/** What every command of the console that is nothing but its name answers, but for SHUTDOWN. */
async function consoleSays(pgsoak: PgsoakProcess, password: string): Promise<Surfaces> {
  const answers = new Map<string, Buffer>();
  const target = { host: "127.0.0.1", port: pgsoak.ports.admin, user: "operator", database: "pgsoak", password };
  await withClient(target, async (client) => {
    for (const { name } of CONSOLE_COMMANDS) {
      if (name === "SHUTDOWN") continue;
      const answer = await client.query<Record<string, unknown>>(name).then(({ rows }) => rows, String);
      answers.set(name, Buffer.from(JSON.stringify(answer)));
    }
  });
  return answers;
}

/** What it has written, but for the configuration, which has a right to its secrets. */
export function filesOf({ folder }: PgsoakProcess): Surfaces {
  const files = readdirSync(folder).filter((file) => file !== "pgsoak.toml");
  return new Map(files.map((file) => [`file ${file}`, readFileSync(join(folder, file))]));
}

/** The texts of the statements that `pgsoak events --json` names. */
export function statementsIn(surfaces: Surfaces): ReadonlySet<string> {
  const lines = surfaces.get("pgsoak events --json")!.toString().trim().split("\n");
  const event = z.object({ statement: z.string().nullish() });
  return new Set(lines.map((line) => event.parse(JSON.parse(line)).statement ?? ""));
}

async function said(args: readonly string[]): Promise<string> {
  let text = "";
  const say = (part: string): void => void (text += part);
  const code = await runProgram(args, { stdout: say, stderr: say, env: {} });
  // A verdict is an exit code too, below those of errors.
  if (code >= EXIT_USAGE) throw new Error(`pgsoak ${args.join(" ")} ended with ${code}: ${text}`);
  return text;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  });
}
