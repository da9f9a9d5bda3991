// Looks once a second how the mirrorings are doing and knows which are unhealthy: those that have failed
// `mirror_error_threshold` times in a row, and those whose mean latency is above `mirror_latency_threshold_ms`. That the log
// is asked so often is also how pgsoak notices when it can't be read.

import { isUnreadable } from "../api/is-unreadable.ts";
import type { LogQuestions } from "../api/log-questions.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { createClock } from "../clock.ts";
import type { ObservationState } from "../events/event.ts";
import type { ConfigInForce } from "./config-in-force.ts";
import { RecentMean } from "./recent-mean.ts";
import type { RecorderHandle } from "./recorder-handle.ts";
import type { Log } from "../log.ts";
import type { Streak } from "../projections/read-streaks.ts";

const WATCH_MS = 1000;
/** The span of which the mean latency is judged. */
const MEAN_MS = 60_000;

export class HealthWatch {
  /** Names of mirrorings; the set itself is kept up to date. */
  readonly unhealthy = new Set<string>();
  readonly #inForce: ConfigInForce;
  readonly #questions: LogQuestions;
  readonly #recorder: RecorderHandle;
  readonly #clock = createClock();
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  /** Unhealthy by their errors, and by their latency. */
  readonly #failing = new Set<string>();
  readonly #slow = new Set<string>();
  readonly #means = new Map<string, RecentMean>();
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
        this.#judge(
          name,
          streaks.find(({ mirroring }) => mirroring === name),
        );
      }
    } catch (error) {
      // Nobody knows until the log can be read and the counters are whole; who reads the log says so.
      if (isUnreadable(error) || (error instanceof PgsoakError && error.code === "rebuilding")) return;
      this.#log.warn("the mirrors' health could not be read", { cause: messageOf(error) });
    } finally {
      this.#busy = false;
    }
  }

  #judge(mirroring: string, streak: Streak | undefined): void {
    const cause = this.#causeOfErrors(mirroring, streak) ?? this.#causeOfLatency(mirroring, streak);
    if (cause !== null && !this.unhealthy.has(mirroring)) {
      this.unhealthy.add(mirroring);
      this.#log.warn("mirror is unhealthy", { mirroring, cause });
      this.#observe(mirroring, "degraded", cause);
    } else if (cause === null && this.unhealthy.delete(mirroring)) {
      this.#log.info("mirror is healthy again", { mirroring });
      this.#observe(mirroring, "recovered", "neither errors in a row nor too slow any more");
    }
  }

  /** A reset makes the errors 0 too: past them is only who has had a success since. */
  #causeOfErrors(mirroring: string, streak: Streak | undefined): string | null {
    const { mirrorErrorThreshold: threshold } = this.#inForce.config.general;
    const errors = streak?.consecutiveErrors ?? 0;
    if (errors >= threshold) this.#failing.add(mirroring);
    else if (streak?.hasSucceeded === true) this.#failing.delete(mirroring);
    return this.#failing.has(mirroring) ? `${threshold} errors in a row` : null;
  }

  /** Without requests it stays what it was. */
  #causeOfLatency(mirroring: string, streak: Streak | undefined): string | null {
    const { mirrorLatencyThresholdMs: thresholdMs } = this.#inForce.config.general;
    const mean = this.#means.get(mirroring) ?? new RecentMean(MEAN_MS);
    this.#means.set(mirroring, mean);
    const { latencySumUs: sum, latencyCount: count } = streak ?? { latencySumUs: 0, latencyCount: 0 };
    const meanUs = mean.take({ atMs: this.#clock.nowMs(), sum, count });
    if (meanUs !== null && meanUs > thresholdMs * 1000) this.#slow.add(mirroring);
    else if (meanUs !== null) this.#slow.delete(mirroring);
    return this.#slow.has(mirroring) ? `mean latency above ${thresholdMs} ms` : null;
  }

  #observe(mirroring: string, state: ObservationState, cause: string): void {
    const at = this.#clock.wallUs();
    this.#recorder.send({ type: "append", event: { kind: "observation_changed", at, mirroring, state, cause } });
  }
}
