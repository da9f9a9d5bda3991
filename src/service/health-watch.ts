// Looks at MirrorStats once a second and knows which mirrorings have failed `mirror_error_threshold` times in a row.

import { messageOf, PgsoakError } from "../errors.ts";
import { createClock } from "../clock.ts";
import type { ObservationState } from "../events/event.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import type { RecorderHandle } from "./recorder-handle.ts";
import type { LogReader } from "../events/log-reader.ts";
import type { Log } from "../log.ts";
import { readStats } from "../projections/read-stats.ts";

const WATCH_MS = 1000;

export class HealthWatch {
  /** Names of mirrorings; the set itself is kept up to date. */
  readonly unhealthy = new Set<string>();
  readonly #inForce: ConfigInForce;
  readonly #reader: LogReader;
  readonly #recorder: RecorderHandle;
  readonly #clock = createClock();
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(inForce: ConfigInForce, reader: LogReader, recorder: RecorderHandle, log: Log) {
    this.#recorder = recorder;
    this.#inForce = inForce;
    this.#reader = reader;
    this.#log = log;
    this.#timer = setInterval(() => {
      if (!this.#busy) this.#looking = this.#look();
    }, WATCH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    this.#busy = true;
    try {
      const snapshot = await readStats(this.#reader);
      const worst = new Map<string, number>();
      const successes = new Map<string, number>();
      for (const { mirroring, stats } of snapshot.lanes) {
        worst.set(mirroring, Math.max(worst.get(mirroring) ?? 0, stats.consecutive_errors));
        successes.set(mirroring, Math.max(successes.get(mirroring) ?? 0, stats.consecutive_successes));
      }
      for (const { name } of this.#inForce.config.mirrorings) {
        this.#judge(name, worst.get(name) ?? 0, (successes.get(name) ?? 0) > 0);
      }
    } catch (error) {
      // Until the counters are whole nobody knows; the API says so.
      if (error instanceof PgsoakError && error.code === "rebuilding") return;
      this.#log.warn("the mirrors' health could not be read", { cause: messageOf(error) });
    } finally {
      this.#busy = false;
    }
  }

  /** A reset makes the errors 0 too: healthy again is only who has had a success since. */
  #judge(mirroring: string, consecutiveErrors: number, hasSucceeded: boolean): void {
    const threshold = this.#inForce.config.general.mirrorErrorThreshold;
    if (consecutiveErrors >= threshold && !this.unhealthy.has(mirroring)) {
      this.unhealthy.add(mirroring);
      this.#log.warn("mirror is unhealthy", { mirroring, consecutiveErrors, threshold });
      this.#observe(mirroring, "degraded", `${threshold} errors in a row`);
    } else if (consecutiveErrors < threshold && hasSucceeded && this.unhealthy.delete(mirroring)) {
      this.#log.info("mirror is healthy again", { mirroring });
      this.#observe(mirroring, "observing", "a request succeeded again");
    }
  }

  #observe(mirroring: string, state: ObservationState, cause: string): void {
    const at = this.#clock.wallUs();
    this.#recorder.send({ type: "append", event: { kind: "observation_changed", at, mirroring, state, cause } });
  }
}
