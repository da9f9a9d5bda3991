// Creates the data folder of a throw-away server: initdb, who may log in and how, the server's certificate.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PgsoakError } from "../errors.ts";
import type { PostgresOwner } from "./postgres-binaries.ts";

export type PostgresAuth = "trust" | "md5" | "scram-sha-256";

/** PEM texts of the server's certificate and its key. */
export interface PostgresTls {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface ClusterOptions {
  readonly binaries: string;
  /** Created here; its parent belongs to the owner. */
  readonly dataFolder: string;
  readonly owner: PostgresOwner | null;
  readonly auth?: PostgresAuth;
  readonly password?: string;
  readonly hba?: readonly string[];
  readonly tls?: PostgresTls;
  /** Told which process must end if we die. */
  readonly guard: (pid: number | null) => void;
}

export async function createCluster(options: ClusterOptions): Promise<void> {
  const { dataFolder, auth = "trust", password } = options;
  if (auth !== "trust" && password === undefined) throw new PgsoakError("usage", `auth ${auth} needs a password`);
  const passwordFile = join(dirname(dataFolder), "password");
  writeOwned(options, passwordFile, password ?? "");
  const passwordArguments = password === undefined ? [] : [`--pwfile=${passwordFile}`];
  const looks = ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"];
  await initdb(options, ["-D", dataFolder, "-U", "postgres", "-A", auth, ...passwordArguments, ...looks]);
  rmSync(passwordFile);
  if (options.hba !== undefined) writeOwned(options, join(dataFolder, "pg_hba.conf"), `${options.hba.join("\n")}\n`);
  if (options.tls !== undefined) {
    writeOwned(options, join(dataFolder, "server.crt"), options.tls.certificate);
    writeOwned(options, join(dataFolder, "server.key"), options.tls.privateKey);
  }
}

async function initdb(options: ClusterOptions, args: readonly string[]): Promise<void> {
  const child = spawn(join(options.binaries, "bin", "initdb"), args, {
    ...options.owner,
    cwd: dirname(options.dataFolder),
    env: serverEnvironment(),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) options.guard(child.pid);
  const output = await outputOf(child);
  options.guard(null);
  if (child.exitCode !== 0) throw new PgsoakError("unavailable", `initdb failed:\n${output}`);
}

/** Everything it prints, when it has ended. */
async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text.trim();
}

/** Settings of the user's own PostgreSQL must not reach these servers, and their messages must be in English. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_"));
  return { ...Object.fromEntries(own), LC_ALL: "C", TZ: "UTC" };
}

function writeOwned(options: ClusterOptions, path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (options.owner !== null) chownSync(path, options.owner.uid, options.owner.gid);
}
