// pgsoak as `pgsoak serve` runs it, in a process of its own, so that its processor time can be told from that of the load.
// Each way that is measured is a database of it, on the same primary.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DemoServers } from "../demo/demo-servers.ts";
import { freePort } from "../demo/free-port.ts";
import { startProcessWatchdog } from "../demo/process-watchdog.ts";
import { PgsoakError } from "../errors.ts";
import { type StatsJson, statsJsonSchema } from "../projections/stats-json.ts";
import { benchConfig, type BenchPorts, type ServedWay } from "./bench-config.ts";
import type { LoadTarget } from "./load.ts";

const MAIN = fileURLToPath(new URL(`../main${extname(import.meta.filename)}`, import.meta.url));
const HOST = "127.0.0.1";
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const PORT_ATTEMPTS_MAX = 10;
export interface BenchService extends AsyncDisposable {
  readonly pid: number;
  /** Where clients of this way connect. */
  target(way: ServedWay): LoadTarget;
  /** The counters of everything that was mirrored since the start. */
  stats(): Promise<StatsJson["total"]>;
}

/** Everything it writes is in a folder that goes away with it, also when this process is killed. */
export async function startBenchService(servers: DemoServers): Promise<BenchService> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn({ proxy: await freePort(), api: await freePort(), admin: await freePort() }, servers);
    } catch (error) {
      // Somebody else took a port between our look and its bind.
      if (attempt === PORT_ATTEMPTS_MAX || !/in use/.test(String(error))) throw error;
    }
  }
}

async function startOn(ports: BenchPorts, servers: DemoServers): Promise<BenchService> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-bench-"));
  const watchdog = startProcessWatchdog(folder);
  const config = join(folder, "pgsoak.toml");
  const output = join(folder, "output");
  writeFileSync(config, benchConfig(ports, servers, join(folder, "pgsoak.db")));
  writeFileSync(output, "");
  // Detached: an interrupt typed at the terminal must reach us alone, who end it last.
  const child = spawn(process.execPath, [MAIN, "serve", "--config", config], {
    cwd: folder,
    env: { PATH: process.env["PATH"] },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => writeFileSync(output, chunk, { flag: "a" }));
  }
  child.once("error", () => {}); // seen below as a child without a pid
  const close = async (): Promise<void> => {
    await stop(child);
    await watchdog.release();
  };
  try {
    if (child.pid === undefined) throw new PgsoakError("unavailable", `can't run ${process.execPath}`);
    watchdog.guard(child.pid);
    await ready(child, () => readFileSync(output, "utf8"));
    return serviceOf(child.pid, ports, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function serviceOf(pid: number, { proxy, api }: BenchPorts, close: () => Promise<void>): BenchService {
  return {
    pid,
    target: (way) => ({ host: HOST, port: proxy, user: "postgres", database: way }),
    stats: async () => statsJsonSchema.parse(await (await fetch(`http://${HOST}:${api}/stats`)).json()).total,
    [Symbol.asyncDispose]: close,
  };
}

async function ready(child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!output().includes('"msg":"ready"')) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      throw new PgsoakError("unavailable", `pgsoak didn't start: ${output().trim().split("\n").at(-1)}`);
    }
    await sleep(POLL_MS);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const isStopped = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  if (isStopped) return;
  child.kill("SIGKILL");
  await ended;
}
