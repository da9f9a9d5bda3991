// The whole of pgsoak, wired: the recorder first, so that nothing happens unrecorded, then the clients, then the API. It
// stops clients first and answers questions until everything is written.

import { hostname } from "node:os";
import { serveApi, type ApiServer } from "./api/server.ts";
import { createApi } from "./api/app.ts";
import { type ConsoleServer, serveConsole } from "./api/console/console-server.ts";
import { createClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { configHash } from "./config/config-hash.ts";
import type { Log } from "./log.ts";
import { ConfigInForce } from "./service/config-in-force.ts";
import { ConsoleFacts } from "./service/console-facts.ts";
import { Controls, type ReloadOutcome } from "./service/controls.ts";
import { probePort } from "./service/exclusive-port.ts";
import { HealthWatch } from "./service/health-watch.ts";
import { Live } from "./service/live.ts";
import { LogCheck } from "./service/log-check.ts";
import { LogReaders } from "./service/log-readers.ts";
import { ProxyPool } from "./service/proxy-pool.ts";
import { RecorderHandle } from "./service/recorder-handle.ts";
import { ResetTimer } from "./service/reset-timer.ts";
import { runMirrorings } from "./service/run-mirrorings.ts";
import { UnwatchedGap } from "./service/unwatched-gap.ts";
import { statesInForce } from "./service/states-in-force.ts";
import { VERSION } from "./version.ts";

export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

export interface Service {
  readonly addresses: { readonly proxy: ServiceAddress; readonly api: ServiceAddress; readonly admin: ServiceAddress };
  /** Resolves when nothing of it runs any more. */
  readonly stopped: Promise<void>;
  /** Lets requests in flight finish (up to `shutdown_timeout_ms`), the mirrors drain and the log be written. */
  stop(): Promise<void>;
  /**
   * Reads the configuration again and goes on under it. Rejects with config_invalid, and then nothing has changed. The
   * process's log says either. `who` asks for it.
   */
  reload(who: string): Promise<ReloadOutcome>;
  /** Ends everything at once; what was not written yet is found and reported by the next start. */
  stopNow(): void;
}

/** Resources in the order in which they were opened; closed the other way round. */
type Closer = () => Promise<void> | void;

export interface ServiceOptions {
  /** The file of the recorder thread, when it is not the usual one. */
  readonly recorderEntry?: URL;
  /** The same of the threads that read the log. */
  readonly readerEntry?: URL;
  /** Reads the configuration again for a reload; throws config_invalid. */
  readonly reread?: () => Config;
}

export async function startService(config: Config, log: Log, options: ServiceOptions = {}): Promise<Service> {
  const closers: Closer[] = [];
  try {
    return await openAll(config, log, closers, options);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openAll(config: Config, log: Log, closers: Closer[], options: ServiceOptions): Promise<Service> {
  const inForce = new ConfigInForce(config);
  const { general, api, admin } = config;
  const port = await probePort("proxy", general.host, general.port);
  await probePort("HTTP API", api.host, api.port);
  await probePort("admin console", admin.host, admin.port);
  const settled: Config = { ...config, general: { ...general, port } };

  const version = VERSION;
  const mirrorings = runMirrorings(config);
  const { mirrorMetricsEnabled: metricsEnabled } = general;
  const identity = { version, host: hostname(), configHash: configHash(config), mirrorings, metricsEnabled };
  const recorder = await RecorderHandle.start(settled, identity, log, options.recorderEntry);
  closers.push(() => recorder.stop());

  const questions = new LogReaders({ path: config.events.path, entry: options.readerEntry, log });
  closers.push(() => questions.close());
  const readable = questions.begin();
  const watch = new HealthWatch(inForce, questions, recorder, log);
  closers.push(() => watch.stop());
  const resets = new ResetTimer(general.mirrorMetricsResetIntervalS, recorder);
  closers.push(() => resets.stop());
  const logCheck = new LogCheck(config.events.path, log);
  closers.push(() => logCheck.stop());

  let server: ApiServer | null = null;
  let consoleServer: ConsoleServer | null = null;
  closers.push(() => consoleServer?.close());
  const closing = new AbortController();
  closers.push(() => {
    closing.abort();
    return server?.close();
  });

  const pool = await ProxyPool.start(settled, recorder, log);
  closers.push(() => pool.stop(inForce.config.general.shutdownTimeoutMs));
  const unwatched = new UnwatchedGap(pool.gauges, recorder);
  closers.push(() => unwatched.stop());
  const clock = createClock();
  pool.onHeardAgain = (replicas) => {
    const degraded = new Set([...watch.unhealthy, ...replicas]);
    const states = statesInForce({ inForce, health: pool.health, degraded, at: clock.wallUs() });
    for (const event of states) recorder.send({ type: "append", event });
  };
  const controls = new Controls({ inForce, pool, recorder, resets, log, reread: options.reread ?? null });

  // Last, so that an answer means that clients are served.
  const live = new Live(inForce, recorder, pool, watch.unhealthy, logCheck, questions);
  const app = createApi({
    get config() {
      return inForce.config;
    },
    questions,
    appender: recorder,
    live,
    log,
    clock,
    version: VERSION,
    proxy: { host: general.host, port: pool.port },
    closing: closing.signal,
  });
  await readable;
  server = await serveApi(app, {
    host: api.host,
    port: api.port,
    onError: (error) => log.error("the HTTP API could not accept a connection", { cause: error.message }),
  });

  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= closeAll(closers).then(resolve));
  const shutdown = (who: string): void => {
    log.info("stopping", { who });
    // Who asked is answered first.
    setImmediate(() => void stop());
  };
  const facts = { version, clock, inForce, appender: recorder, questions, live, pool, controls, shutdown };
  consoleServer = await serveConsole(new ConsoleFacts(facts), { host: admin.host, port: admin.port, log });

  return {
    addresses: {
      proxy: { host: general.host, port: pool.port },
      api: { host: server.host, port: server.port },
      admin: { host: consoleServer.host, port: consoleServer.port },
    },
    stopped,
    reload: (who) => controls.reload(who),
    stop,
    stopNow: () => {
      void Promise.all([pool.terminate(), recorder.terminate()]).then(() => resolve());
    },
  };
}

async function closeAll(closers: Closer[]): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}
