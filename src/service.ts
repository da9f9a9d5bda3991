// The whole of pgsoak, wired: the recorder first, so that nothing happens unrecorded, then the clients, then the API. It
// stops clients first and answers questions until everything is written.

import { hostname } from "node:os";
import { serveApi, type ApiServer } from "./api/server.ts";
import { createApi } from "./api/app.ts";
import { createClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { configHash } from "./config/config-hash.ts";
import { mirroringSettings } from "./config/mirroring-settings.ts";
import { openReader } from "./events/log-reader.ts";
import type { Log } from "./log.ts";
import { probePort } from "./service/exclusive-port.ts";
import { HealthWatch } from "./service/health-watch.ts";
import { Live } from "./service/live.ts";
import { LogCheck } from "./service/log-check.ts";
import { LogReading } from "./service/log-reading.ts";
import { ProxyPool } from "./service/proxy-pool.ts";
import { RecorderHandle } from "./service/recorder-handle.ts";
import { ResetTimer } from "./service/reset-timer.ts";
import { VERSION } from "./version.ts";

export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

export interface Service {
  readonly addresses: { readonly proxy: ServiceAddress; readonly api: ServiceAddress };
  /** Resolves when nothing of it runs any more. */
  readonly stopped: Promise<void>;
  /** Lets requests in flight finish (up to `shutdown_timeout_ms`), the mirrors drain and the log be written. */
  stop(): Promise<void>;
  /** Ends everything at once; what was not written yet is found and reported by the next start. */
  stopNow(): void;
}

/** Resources in the order in which they were opened; closed the other way round. */
type Closer = () => Promise<void> | void;

/** `recorderEntry`: the file of the recorder thread, when it is not the usual one. */
export async function startService(config: Config, log: Log, recorderEntry?: URL): Promise<Service> {
  const closers: Closer[] = [];
  try {
    return await openAll(config, log, closers, recorderEntry);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openAll(config: Config, log: Log, closers: Closer[], recorderEntry?: URL): Promise<Service> {
  const { general, api } = config;
  const port = await probePort("proxy", general.host, general.port);
  await probePort("HTTP API", api.host, api.port);
  const settled: Config = { ...config, general: { ...general, port } };

  const version = VERSION;
  const mirrorings = config.mirrorings.map((mirroring) => {
    return { name: mirroring.name, settings: mirroringSettings(config, mirroring), exposure: mirroring.exposure };
  });
  const { mirrorMetricsEnabled: metricsEnabled } = general;
  const identity = { version, host: hostname(), configHash: configHash(config), mirrorings, metricsEnabled };
  const recorder = await RecorderHandle.start(settled, identity, log, recorderEntry);
  closers.push(() => recorder.stop());

  const reader = openReader(config.events.path);
  closers.push(() => reader[Symbol.dispose]());
  const pages = new LogReading(config.events.path);
  closers.push(() => pages.close());
  const watch = new HealthWatch(config, reader, recorder, log);
  closers.push(() => watch.stop());
  const resets = new ResetTimer(general.mirrorMetricsResetIntervalS, recorder);
  closers.push(() => resets.stop());
  const logCheck = new LogCheck(config.events.path, log);
  closers.push(() => logCheck.stop());

  let server: ApiServer | null = null;
  const closing = new AbortController();
  closers.push(() => {
    closing.abort();
    return server?.close();
  });

  const pool = await ProxyPool.start(settled, recorder, log);
  closers.push(() => pool.stop(general.shutdownTimeoutMs));

  // Last, so that an answer means that clients are served.
  const live = new Live(config, recorder, pool, watch.unhealthy, logCheck);
  const app = createApi({
    config,
    reader,
    pages,
    appender: recorder,
    live,
    log,
    clock: createClock(),
    version: VERSION,
    closing: closing.signal,
  });
  server = await serveApi(app, {
    host: api.host,
    port: api.port,
    onError: (error) => log.error("the HTTP API could not accept a connection", { cause: error.message }),
  });

  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;
  return {
    addresses: {
      proxy: { host: general.host, port: pool.port },
      api: { host: server.host, port: server.port },
    },
    stopped,
    stop: () => (stopping ??= closeAll(closers).then(resolve)),
    stopNow: () => {
      void Promise.all([pool.terminate(), recorder.terminate()]).then(() => resolve());
    },
  };
}

async function closeAll(closers: Closer[]): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}
