// `mirror_metrics_reset_interval`: zeroes the counters of MirrorStats on its interval. A reset is an event like any other.

import { createClock } from "../clock.ts";
import type { RecorderHandle } from "./recorder-handle.ts";

const MS_PER_S = 1000;
/** A timer can't wait longer (2^31 - 1 ms). */
const CHECK_MS = 1000;

export class ResetTimer {
  readonly #recorder: RecorderHandle;
  readonly #clock = createClock();
  #intervalS = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `intervalS` 0 = never. */
  constructor(intervalS: number, recorder: RecorderHandle) {
    this.#recorder = recorder;
    this.set(intervalS);
  }

  /** Another interval begins now; the same one goes on. */
  set(intervalS: number): void {
    if (intervalS === this.#intervalS) return;
    this.#intervalS = intervalS;
    this.stop();
    if (intervalS === 0) return;
    let dueMs = this.#clock.nowMs() + intervalS * MS_PER_S;
    this.#timer = setInterval(() => {
      if (this.#clock.nowMs() < dueMs) return;
      dueMs += intervalS * MS_PER_S;
      this.#recorder.send({
        type: "append",
        event: { kind: "counters_reset", at: this.#clock.wallUs(), who: "mirror_metrics_reset_interval" },
      });
    }, CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
