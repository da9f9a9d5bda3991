// The live facts that the API asks for, from shared memory and from the recorder's last word.

import type {
  LiveMirroring,
  LiveStatus,
  LogCheckStatus,
  LoginFailures,
  ReadingStatus,
  RecordingStatus,
  Refusals,
} from "../api/live-status.ts";
import type { Rebuilding } from "../events/fold-rebuild.ts";
import {
  CLIENT_CONNECTIONS,
  FAILED_LOGINS,
  MIRROR_CONNECTIONS,
  MIRROR_QUEUE_BYTES,
  MIRROR_QUEUE_DEPTH,
  MIRROR_REFUSED_LOGINS,
  MIRROR_SESSIONS,
  MIRROR_SESSIONS_INCOMPLETE,
  MIRROR_SESSIONS_LOST,
  REFUSED_CONNECTIONS,
  REFUSED_LOGINS,
  REFUSED_MESSAGES,
  SESSIONS,
  UNWATCHED_SESSIONS,
} from "../proxy/gauges.ts";
import { MirrorHealth } from "../proxy/mirror/health.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import type { LogCheck } from "./log-check.ts";
import type { LogReaders } from "./log-readers.ts";
import type { ProxyPool } from "./proxy-pool.ts";
import type { RecorderHandle } from "./recorder-handle.ts";

/** No proxy thread: the main thread only looks. */
const NO_THREAD = -1;

export class Live implements LiveStatus {
  readonly #inForce: ConfigInForce;
  readonly #recorder: RecorderHandle;
  readonly #pool: ProxyPool;
  readonly #unhealthy: ReadonlySet<string>;
  readonly #logCheck: LogCheck;
  readonly #readers: LogReaders;

  constructor(
    inForce: ConfigInForce,
    recorder: RecorderHandle,
    pool: ProxyPool,
    unhealthy: ReadonlySet<string>,
    logCheck: LogCheck,
    readers: LogReaders,
  ) {
    this.#inForce = inForce;
    this.#recorder = recorder;
    this.#pool = pool;
    this.#unhealthy = unhealthy;
    this.#logCheck = logCheck;
    this.#readers = readers;
  }

  recording(): RecordingStatus {
    return this.#recorder.status;
  }

  reading(): ReadingStatus {
    return this.#readers.status;
  }

  logCheck(): LogCheckStatus {
    return this.#logCheck.status;
  }

  rebuilding(): Rebuilding | null {
    return this.#recorder.rebuilding;
  }

  run(): number {
    return this.#recorder.run;
  }

  clientConnections(): number {
    return this.#pool.gauges.sum(CLIENT_CONNECTIONS);
  }

  sessions(): number {
    return this.#pool.gauges.sum(SESSIONS);
  }

  refusals(): Refusals {
    const { gauges } = this.#pool;
    return {
      connections: gauges.sum(REFUSED_CONNECTIONS),
      logins: gauges.sum(REFUSED_LOGINS),
      messages: gauges.sum(REFUSED_MESSAGES),
    };
  }

  loginFailures(): LoginFailures {
    const { gauges } = this.#pool;
    const { password, protocol, database, primary } = FAILED_LOGINS;
    return {
      password: gauges.sum(password),
      protocol: gauges.sum(protocol),
      database: gauges.sum(database),
      primary: gauges.sum(primary),
    };
  }

  unwatchedSessions(): number {
    return this.#pool.gauges.sum(UNWATCHED_SESSIONS);
  }

  mirrorings(): readonly LiveMirroring[] {
    const { gauges, health } = this.#pool;
    const { config, paused } = this.#inForce;
    return config.mirrorings.map((mirroring, index) => {
      const gauge = (column: number): number => gauges.sumMirroring(index, column);
      const { down } = new MirrorHealth(health, index, NO_THREAD);
      const healthy = !this.#unhealthy.has(mirroring.name);
      return {
        mirroring: mirroring.name,
        queueDepth: gauge(MIRROR_QUEUE_DEPTH),
        queueBytes: gauge(MIRROR_QUEUE_BYTES),
        queueSlots: gauge(MIRROR_SESSIONS) * mirroring.queueLength,
        connections: gauge(MIRROR_CONNECTIONS),
        refusedLogins: gauge(MIRROR_REFUSED_LOGINS),
        incompleteSessions: gauge(MIRROR_SESSIONS_INCOMPLETE),
        lostSessions: gauge(MIRROR_SESSIONS_LOST),
        state: paused.has(mirroring.name) ? "paused" : down ? "mirror_down" : healthy ? "observing" : "degraded",
        healthy,
      };
    });
  }
}
