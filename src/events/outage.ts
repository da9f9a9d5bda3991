// Whether the log can be written, said once when it changes, and for which moments it could not.

import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import type { RecorderReport } from "./recorder-messages.ts";

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1000;

export class Outage {
  readonly #clock: Clock;
  readonly #report: (report: RecorderReport) => void;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;

  constructor(clock: Clock, report: (report: RecorderReport) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** How long to wait before the next attempt: longer each time, 0 when all is well. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** When the present outage began (wall clock, microseconds); null when all is well. */
  get since(): number | null {
    return this.#pauseMs === 0 ? null : this.#from;
  }

  /** Whether the moment (wall clock, microseconds) lies in the present outage or in the latest one. */
  covers(at: number): boolean {
    return at >= this.#from && at <= this.#to;
  }

  failed(error: unknown): void {
    if (this.#pauseMs === 0) {
      this.#from = this.#clock.wallUs();
      this.#to = Number.POSITIVE_INFINITY;
      this.#report({ type: "recording", state: "broken", cause: messageOf(error) });
    }
    this.#pauseMs = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, this.#pauseMs * 2));
  }

  succeeded(): void {
    if (this.#pauseMs === 0) return;
    this.#pauseMs = 0;
    this.#to = this.#clock.wallUs();
    this.#report({ type: "recording", state: "ok", cause: "" });
  }
}
