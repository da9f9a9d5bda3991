// `mirror_metrics_reset_interval`: zeroes the counters of MirrorStats on its interval. A reset is an event like any other.

import { createClock } from "../clock.ts";
import type { RecorderHandle } from "./recorder-handle.ts";

const MS_PER_S = 1000;
/** A timer can't wait longer (2^31 - 1 ms). */
const CHECK_MS = 1000;

export class ResetTimer {
  readonly #timer: NodeJS.Timeout | null;

  /** `intervalS` 0 = never. */
  constructor(intervalS: number, recorder: RecorderHandle) {
    if (intervalS === 0) {
      this.#timer = null;
      return;
    }
    const clock = createClock();
    let dueMs = clock.nowMs() + intervalS * MS_PER_S;
    this.#timer = setInterval(() => {
      if (clock.nowMs() < dueMs) return;
      dueMs += intervalS * MS_PER_S;
      recorder.send({
        type: "append",
        event: { kind: "counters_reset", at: clock.wallUs(), who: "mirror_metrics_reset_interval" },
      });
    }, CHECK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}
