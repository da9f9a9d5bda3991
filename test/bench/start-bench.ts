// How long a start takes on a large log: the recorder's part, and until the first client is let in.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/demo/free-port.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { configText, relayTables } from "../helpers/config-text.ts";
import type { Experiment } from "./bench-setup.ts";
import { bigLogFolds, writeBigLog } from "./big-log.ts";
import { spreadOf } from "../../src/bench/spread.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What people install. */
const MAIN = join(ROOT, "dist/src/main.js");
/** An SSLRequest: whoever answers it has accepted a client. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Milliseconds of EventLog.open. */
async function openOnce(path: string): Promise<number> {
  const startedMs = performance.now();
  using _log = await EventLog.open({ path, folds: bigLogFolds() });
  return performance.now() - startedMs;
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(SSL_REQUEST));
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });
}

/** Milliseconds from the start of the process to the first client that gets an answer. */
async function serveOnce(folder: string): Promise<number> {
  const ports = { proxy: await freePort(), api: await freePort(), admin: await freePort() };
  const config = join(folder, "pgsoak.toml");
  writeFileSync(config, configText(relayTables({ host: "127.0.0.1", port: 1 }), folder, ports));
  const startedMs = performance.now();
  const child = spawn(process.execPath, [MAIN, "serve", "--config", config], { stdio: "ignore" });
  const exited = once(child, "exit");
  while (child.exitCode === null && !(await isAnswered(ports.proxy))) await new Promise((next) => setTimeout(next, 2));
  const spentMs = performance.now() - startedMs;
  child.kill("SIGTERM");
  await exited;
  if (child.exitCode !== 0) throw new Error(`pgsoak serve ended with code ${child.exitCode}`);
  return spentMs;
}

export const start: Experiment = {
  name: "start",
  figures: ["log_open", "first_client"],
  needs: [],
  run: async ({ rounds, events }) => {
    execFileSync("npm", ["run", "build"], { cwd: ROOT, stdio: "ignore" });
    const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
    try {
      const path = join(folder, "pgsoak.db");
      await writeBigLog(path, events);
      const [opens, serves]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        opens.push(await openOnce(path));
        serves.push(await serveOnce(folder));
      }
      const [unit, target, detail] = ["ms", "<= 1000", `${events.toLocaleString("en-US")} events`];
      return [
        { name: "log_open", value: spreadOf(opens), unit, target, detail },
        { name: "first_client", value: spreadOf(serves), unit, target, detail: `${detail}, the compiled package` },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
