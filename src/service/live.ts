// The live facts that the API asks for, from shared memory and from the recorder's last word.

import type { LiveMirroring, LiveStatus, RecordingStatus } from "../api/live-status.ts";
import type { Config } from "../config/config.ts";
import {
  CLIENT_CONNECTIONS,
  MIRROR_CONNECTIONS,
  MIRROR_QUEUE_BYTES,
  MIRROR_QUEUE_DEPTH,
  MIRROR_SESSIONS,
  SESSIONS,
} from "../proxy/gauges.ts";
import { MirrorHealth } from "../proxy/mirror/health.ts";
import type { ProxyPool } from "./proxy-pool.ts";
import type { RecorderHandle } from "./recorder-handle.ts";

/** No proxy thread: the main thread only looks. */
const NO_THREAD = -1;

export class Live implements LiveStatus {
  readonly #config: Config;
  readonly #recorder: RecorderHandle;
  readonly #pool: () => ProxyPool | null;
  readonly #unhealthy: ReadonlySet<string>;

  /** `pool` may not be there yet: the API answers before the first client can connect. */
  constructor(config: Config, recorder: RecorderHandle, pool: () => ProxyPool | null, unhealthy: ReadonlySet<string>) {
    this.#config = config;
    this.#recorder = recorder;
    this.#pool = pool;
    this.#unhealthy = unhealthy;
  }

  recording(): RecordingStatus {
    return this.#recorder.status;
  }

  run(): number {
    return this.#recorder.run;
  }

  clientConnections(): number {
    return this.#pool()?.gauges.sum(CLIENT_CONNECTIONS) ?? 0;
  }

  sessions(): number {
    return this.#pool()?.gauges.sum(SESSIONS) ?? 0;
  }

  mirrorings(): readonly LiveMirroring[] {
    const pool = this.#pool();
    return this.#config.mirrorings.map((mirroring, index) => {
      const gauge = (column: number): number => pool?.gauges.sumMirroring(index, column) ?? 0;
      const down = pool !== null && new MirrorHealth(pool.health, index, NO_THREAD).down;
      const healthy = !this.#unhealthy.has(mirroring.name);
      return {
        mirroring: mirroring.name,
        queueDepth: gauge(MIRROR_QUEUE_DEPTH),
        queueBytes: gauge(MIRROR_QUEUE_BYTES),
        queueSlots: gauge(MIRROR_SESSIONS) * mirroring.queueLength,
        connections: gauge(MIRROR_CONNECTIONS),
        state: down ? "mirror_down" : healthy ? "observing" : "degraded",
        healthy,
      };
    });
  }
}
