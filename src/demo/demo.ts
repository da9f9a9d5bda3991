// The whole of pgsoak on one machine, for trying it out: two throw-away servers, the service between them, a workload,
// and the event log in a folder that goes away with it all.

import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { destination } from "pino";
import { parseConfig } from "../config/parse-config.ts";
import type { Config } from "../config/config.ts";
import { type LogReader, openReader } from "../events/log-reader.ts";
import { createLog } from "../log.ts";
import { readStats } from "../projections/read-stats.ts";
import { type StatsJson, statsJson } from "../projections/stats-json.ts";
import { type Service, startService } from "../service.ts";
import { BANK_DATABASE } from "./bank.ts";
import { type DemoServers, startDemoServers } from "./demo-servers.ts";
import { type DemoSummary, readDemoSummary } from "./demo-summary.ts";
import { isPortFree } from "./free-port.ts";
import { startProcessWatchdog } from "./process-watchdog.ts";
import { startWorkload } from "./workload.ts";

/** Where pgsoak usually listens; taken when they are free. */
const PROXY_PORT = 6432;
const API_PORT = 9090;
const ADMIN_PORT = 6433;
const TICK_MS = 1000;
/** How long the mirror may take to finish what is queued when the workload ends. */
const DRAIN_MAX_MS = 10_000;
const DRAIN_POLL_MS = 20;

export interface DemoAddresses {
  readonly primary: string;
  readonly mirror: string;
  readonly proxy: { readonly host: string; readonly port: number };
  /** Without a path. */
  readonly api: string;
  readonly admin: { readonly host: string; readonly port: number };
  readonly database: string;
  /** Path of the event log, which is there until the demo ends. */
  readonly log: string;
}

export interface DemoOptions {
  /** Null: until `stop`. */
  readonly seconds: number | null;
  readonly stop: AbortSignal;
  /** Everything runs. */
  readonly onStarted: (addresses: DemoAddresses) => void;
  /** Once a second. */
  readonly onTick: (elapsedMs: number, total: StatsJson["total"]) => void;
}

/** Returns when everything it started is gone. Null: stopped before the workload began. */
export async function runDemo(options: DemoOptions): Promise<DemoSummary | null> {
  await using folder = temporaryFolder();
  await using servers = await startDemoServers();
  if (options.stop.aborted) return null;
  const config = await demoConfig(servers, folder.path);
  const log = createLog({ level: "info", destination: destination({ dest: join(folder.path, "log"), sync: true }) });
  await using service = stoppedAtTheEnd(await startService(config, log));
  using reader = openReader(config.events.path);
  const workload = startWorkload(service.addresses.proxy);
  const startedMs = performance.now();
  try {
    options.onStarted({ ...addressesOf(servers, service), log: config.events.path });
    await watch({ ...options, stop: AbortSignal.any([options.stop, workload.stopping]) }, reader, startedMs);
  } finally {
    await workload.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await drained(reader);
  return await readDemoSummary(reader, seconds);
}

async function watch(options: DemoOptions, reader: LogReader, startedMs: number): Promise<void> {
  const endMs = options.seconds === null ? Infinity : options.seconds * 1000;
  for (;;) {
    const elapsedMs = performance.now() - startedMs;
    if (options.stop.aborted || elapsedMs >= endMs) return;
    await sleep(Math.min(TICK_MS, endMs - elapsedMs), undefined, { signal: options.stop }).catch(() => {});
    options.onTick(performance.now() - startedMs, statsJson(await readStats(reader)).total);
  }
}

/** Waits until every request that was selected has its outcome in the log. */
async function drained(reader: LogReader): Promise<void> {
  const deadline = performance.now() + DRAIN_MAX_MS;
  while (performance.now() < deadline) {
    const { total } = statsJson(await readStats(reader));
    if (total.requests_in_flight === 0) return;
    await sleep(DRAIN_POLL_MS);
  }
}

async function demoConfig({ primary, mirror }: DemoServers, folder: string): Promise<Config> {
  const text = `
    [general]
    port = ${(await isPortFree(PROXY_PORT)) ? PROXY_PORT : 0}
    [api]
    port = ${(await isPortFree(API_PORT)) ? API_PORT : 0}
    [admin]
    port = ${(await isPortFree(ADMIN_PORT)) ? ADMIN_PORT : 0}
    [[databases]]
    name = "${BANK_DATABASE}"
    host = "${primary.host}"
    port = ${primary.port}
    tls = "disable"
    [[databases]]
    name = "candidate"
    host = "${mirror.host}"
    port = ${mirror.port}
    database_name = "${BANK_DATABASE}"
    user = "${mirror.user}"
    tls = "disable"
    [[mirroring]]
    source_db = "${BANK_DATABASE}"
    destination_db = "candidate"
  `;
  // Nothing of the caller's environment may reach it: this is not the service that the variables are meant for.
  return parseConfig(text, { file: null, shownFile: "demo", env: {}, cwd: folder, allowPortZero: true });
}

function addressesOf({ primary, mirror }: DemoServers, { addresses }: Service): Omit<DemoAddresses, "log"> {
  return {
    primary: primary.url(BANK_DATABASE),
    mirror: mirror.url(BANK_DATABASE),
    proxy: addresses.proxy,
    api: `http://${addresses.api.host}:${addresses.api.port}`,
    admin: addresses.admin,
    database: BANK_DATABASE,
  };
}

/** A folder that is removed at the end, and also when this process is killed. */
function temporaryFolder(): AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-demo-"));
  const watchdog = startProcessWatchdog(path);
  return { path, [Symbol.asyncDispose]: watchdog.release };
}

function stoppedAtTheEnd(service: Service): Service & AsyncDisposable {
  return { ...service, [Symbol.asyncDispose]: () => service.stop() };
}
