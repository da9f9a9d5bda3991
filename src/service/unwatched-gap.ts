// While a session goes on that can't be followed any more, nobody can say what is missing in the log: so long the log says
// that it doesn't know, which is a gap of what was observed. Nothing green may come of traffic that was not looked at.

import { createClock } from "../clock.ts";
import { type Gauges, SESSIONS_NOW_UNWATCHED, UNWATCHED_SESSIONS } from "../proxy/gauges.ts";
import type { RecorderHandle } from "./recorder-handle.ts";

const LOOK_MS = 10_000;

export class UnwatchedGap {
  readonly #gauges: Gauges;
  readonly #recorder: Pick<RecorderHandle, "send">;
  readonly #clock = createClock();
  readonly #timer: NodeJS.Timeout;
  /** Wall clock, microseconds. */
  #lookedAt = this.#clock.wallUs();
  #counted = 0;

  constructor(gauges: Gauges, recorder: Pick<RecorderHandle, "send">, lookMs = LOOK_MS) {
    this.#gauges = gauges;
    this.#recorder = recorder;
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  #look(): void {
    const from = this.#lookedAt;
    const at = this.#clock.wallUs();
    this.#lookedAt = at;
    const counted = this.#gauges.sum(UNWATCHED_SESSIONS);
    const isWhole = counted === this.#counted && this.#gauges.sum(SESSIONS_NOW_UNWATCHED) === 0;
    this.#counted = counted;
    if (isWhole || from >= at) return;
    const span = { lane: null, from, to: at, requests: null, cause: "unwatched" } as const;
    this.#recorder.send({ type: "append", event: { kind: "unrecorded", at, ...span } });
  }
}
