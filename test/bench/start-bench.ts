// How long a start takes on a large log: the recorder's part, and until the first client is let in.

import { spawn } from "node:child_process";
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

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const SIZES = [
  ["1m", 1_000_000],
  ["10m", 10_000_000],
] as const;
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
  figures: SIZES.flatMap(([size]) => [`log_open_${size}`, `first_client_${size}`]),
  needs: [],
  run: async ({ rounds }) => {
    const figures = [];
    for (const [size, events] of SIZES) {
      const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
      try {
        const path = join(folder, "pgsoak.db");
        const startedMs = performance.now();
        await writeBigLog(path, events);
        const eventsPerSecond = Math.round((events / (performance.now() - startedMs)) * 1000);
        const [opens, serves]: [number[], number[]] = [[], []];
        for (let round = 0; round < rounds; round++) {
          opens.push(await openOnce(path));
          serves.push(await serveOnce(folder));
        }
        const detail = `made with ${eventsPerSecond.toLocaleString("en-US")} events/s`;
        figures.push({ name: `log_open_${size}`, value: spreadOf(opens), unit: "ms", target: "<= 1000", detail });
        figures.push({ name: `first_client_${size}`, value: spreadOf(serves), unit: "ms", target: "<= 1000" });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
    return figures;
  },
};
