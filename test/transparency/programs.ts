// PostgreSQL's own client programs, as Debian installs them, and a server of their own version: pg_dump refuses a server
// that is newer than itself.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env } from "node:process";
import type { Readable, Writable } from "node:stream";
import { createCluster, serverEnvironment } from "../../src/demo/postgres-cluster.ts";
import { PostmasterProcess } from "../../src/demo/postmaster-process.ts";
import { startProcessWatchdog } from "../../src/demo/process-watchdog.ts";
import { freePort } from "../helpers/free-port.ts";
import { findProgram } from "../bench/find-program.ts";
import type { Target } from "./conditions.ts";

/** Without them the tests are left out on a developer's machine, and fail where everything must be tested. */
export function hasPrograms(...names: readonly string[]): boolean {
  const missing = names.filter((name) => findProgram(name) === null);
  if (missing.length === 0) return true;
  if (env["CI"] === "true") throw new Error(`not installed: ${missing.join(", ")} (Debian: postgresql)`);
  return false;
}

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end; `input` is all that it reads. Its environment has nothing of the user's PostgreSQL but what is
 * given here.
 */
export async function run(
  name: string,
  args: readonly string[],
  input = "",
  environment: Readonly<Record<string, string>> = {},
): Promise<Output> {
  const child = start(name, args, environment);
  child.stdin.on("error", () => {}); // it may end without reading all
  child.stdin.end(input);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  await once(child, "close");
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

function start(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcessByStdio<Writable, Readable, Readable> {
  const program = findProgram(name);
  if (program === null) throw new Error(`not installed: ${name}`);
  return spawn(program, args, {
    env: { ...serverEnvironment(), PGCONNECT_TIMEOUT: "10", ...environment },
    stdio: "pipe",
  });
}

/** The options that lead a program to a database. */
export const to = ({ host, port }: Target, database: string): string[] => [
  "-h",
  host,
  "-p",
  String(port),
  "-U",
  "postgres",
  "-d",
  database,
];

/** A throw-away server of the same installation as pg_dump. */
export async function startSameVersion(): Promise<Target & AsyncDisposable> {
  const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-installed-"));
  if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  const watchdog = startProcessWatchdog(folder);
  try {
    const binaries = dirname(dirname(findProgram("postgres")!));
    const dataFolder = join(folder, "data");
    const guard = watchdog.guard;
    await createCluster({ binaries, dataFolder, owner, guard });
    const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off" };
    const port = await freePort();
    const postmaster = new PostmasterProcess({ binaries, folder, dataFolder, owner, port, settings, guard });
    await postmaster.start();
    return {
      host: "127.0.0.1",
      port,
      [Symbol.asyncDispose]: async () => {
        await postmaster.stop();
        await watchdog.release();
      },
    };
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

function text(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
