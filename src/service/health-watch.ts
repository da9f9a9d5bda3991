// Looks once a second how the mirrorings are doing and knows which have failed `mirror_error_threshold` times in a row. That
// the log is asked so often is also how pgsoak notices when it can't be read.

import { isUnreadable } from "../api/is-unreadable.ts";
import type { LogQuestions } from "../api/log-questions.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { createClock } from "../clock.ts";
import type { ObservationState } from "../events/event.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import type { RecorderHandle } from "./recorder-handle.ts";
import type { Log } from "../log.ts";

const WATCH_MS = 1000;

export class HealthWatch {
  /** Names of mirrorings; the set itself is kept up to date. */
  readonly unhealthy = new Set<string>();
  readonly #inForce: ConfigInForce;
  readonly #questions: LogQuestions;
  readonly #recorder: RecorderHandle;
  readonly #clock = createClock();
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(inForce: ConfigInForce, questions: LogQuestions, recorder: RecorderHandle, log: Log) {
    this.#recorder = recorder;
    this.#inForce = inForce;
    this.#questions = questions;
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
      const streaks = await this.#questions.ask({ kind: "streaks" });
      for (const { name } of this.#inForce.config.mirrorings) {
        const streak = streaks.find(({ mirroring }) => mirroring === name);
        this.#judge(name, streak?.consecutiveErrors ?? 0, streak?.hasSucceeded ?? false);
      }
    } catch (error) {
      // Nobody knows until the log can be read and the counters are whole; who reads the log says so.
      if (isUnreadable(error) || (error instanceof PgsoakError && error.code === "rebuilding")) return;
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
