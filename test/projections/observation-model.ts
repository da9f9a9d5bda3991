// Lives of a service with two mirrorings, told twice: as the events of a log, and as what was true in each second.

import * as fc from "fast-check";
import type { NewEvent } from "../../src/events/event.ts";
import type { GapCause } from "../../src/projections/timeline.ts";
import { observationChanged, runStarted, runStopped } from "./facts.ts";

export const MIRRORINGS = ["pg18", "pg19"] as const;
export const SECOND_US = 1_000_000;
/** The second of the first event. */
const BEGIN_S = 10;

const STEPS = [
  "start",
  "stop",
  "crash",
  "restart",
  "pause",
  "resume",
  "down",
  "up",
  "degrade",
  "fill",
  "free",
] as const;
type Step = (typeof STEPS)[number] | "idle";

export interface Life {
  /** In the order of the log. */
  readonly events: readonly NewEvent[];
  /** What was true in second `s`, from 0 on: null for observed. Seconds behind the last event are not in it. */
  cause(mirroring: string, s: number): GapCause | null;
  /** The second of the last event. */
  readonly endS: number;
  /** Whether the log ends with a run that goes on. */
  readonly isRunning: boolean;
}

interface Mirror {
  paused: boolean;
  down: boolean;
  known: boolean;
  standing: "running" | "stopped" | "not_configured" | "disabled";
}

class Model {
  readonly events: NewEvent[] = [];
  readonly #seconds = new Map<string, (GapCause | null)[]>();
  readonly #mirrors = new Map<string, Mirror>();
  readonly #gaps: { from: number; to: number; cause: GapCause }[] = [];
  #s = BEGIN_S;
  #up = false;
  #brokenSince: number | null = null;

  constructor() {
    for (const name of MIRRORINGS) {
      this.#seconds.set(
        name,
        Array.from({ length: BEGIN_S }, () => "before_log"),
      );
      this.#mirrors.set(name, { paused: false, down: false, known: false, standing: "not_configured" });
    }
    this.#start([MIRRORINGS[0]], true);
  }

  get life(): Life {
    const endS = this.events.at(-1)!.at / SECOND_US;
    return {
      events: this.events,
      endS,
      isRunning: this.#up,
      cause: (mirroring, s) => {
        const gap = this.#gaps.find(({ from, to }) => s >= from && s < to);
        return gap?.cause ?? this.#seconds.get(mirroring)![s]!;
      },
    };
  }

  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      for (const [name, mirror] of this.#mirrors) this.#seconds.get(name)![this.#s] = this.#now(mirror);
      this.#s++;
    }
  }

  take(step: Step, index: number, names: readonly string[], isEnabled: boolean): void {
    const mirroring = MIRRORINGS[index % MIRRORINGS.length]!;
    const mirror = this.#mirrors.get(mirroring)!;
    const at = this.#s * SECOND_US;
    if (step === "start" || step === "restart") {
      if (!this.#up) this.#start(names, isEnabled);
      else if (step === "restart") this.#crash(() => this.#start(names, isEnabled));
      return;
    }
    if (!this.#up) return;
    const isOn = mirror.standing === "running";
    switch (step) {
      case "stop":
        if (this.#brokenSince !== null) return;
        this.events.push(runStopped(at));
        this.#up = false;
        for (const each of this.#mirrors.values()) if (each.standing !== "not_configured") each.standing = "stopped";
        return;
      case "crash":
        this.#crash(() => this.#start(names, isEnabled));
        return;
      case "pause":
      case "resume":
        if (isOn) mirror.paused = step === "pause";
        if (isOn) this.events.push(observationChanged(at, step === "pause" ? "paused" : "resumed", { mirroring }));
        return;
      case "down":
      case "up":
        if (isOn) mirror.down = step === "down";
        if (isOn) this.events.push(observationChanged(at, step === "up" ? "observing" : "mirror_down", { mirroring }));
        return;
      case "degrade":
        if (isOn) this.events.push(observationChanged(at, "degraded", { mirroring }));
        return;
      case "fill":
        this.#brokenSince ??= this.#s;
        return;
      case "free":
        this.#repair();
        return;
      case "idle":
        if (this.#brokenSince === null) this.events.push({ kind: "idled", at });
    }
  }

  #now({ standing, paused, down, known }: Mirror): GapCause | null {
    if (!known) return "not_configured";
    if (standing !== "running") return standing;
    if (paused) return "paused";
    return down ? "mirror_down" : null;
  }

  #start(names: readonly string[], isEnabled: boolean): void {
    const mirrorings = names.map((name) => ({ name, settings: {}, exposure: 1 }));
    this.events.push(runStarted(this.#s * SECOND_US, { mirrorings, metricsEnabled: isEnabled }));
    this.#up = true;
    for (const [name, mirror] of this.#mirrors) {
      const standing = isEnabled ? "running" : "disabled";
      if (names.includes(name)) Object.assign(mirror, { standing, known: true, paused: false, down: false });
      else if (mirror.known) mirror.standing = "not_configured";
    }
  }

  /** Whatever was not written goes with it: an outage that lasts is part of the gap. */
  #crash(restart: () => void): void {
    const from = this.events.at(-1)!.at / SECOND_US;
    this.wait(2);
    this.#gap(from, "crash");
    this.#brokenSince = null;
    restart();
  }

  #repair(): void {
    if (this.#brokenSince === null) return;
    this.#gap(this.#brokenSince, "write_failed");
    this.#brokenSince = null;
  }

  #gap(from: number, cause: "crash" | "write_failed"): void {
    const [at, span] = [this.#s * SECOND_US, { from: from * SECOND_US, to: this.#s * SECOND_US }];
    const requests = cause === "crash" ? null : 0;
    this.events.push({ kind: "unrecorded", at, lane: null, ...span, requests, cause });
    this.#gaps.push({ from, to: this.#s, cause });
  }
}

const plan = fc.array(
  fc.record({
    wait: fc.nat(5),
    step: fc.constantFrom(...STEPS, "idle" as const),
    index: fc.nat(1),
    names: fc.subarray([...MIRRORINGS]),
    isEnabled: fc.boolean(),
  }),
  { maxLength: 30 },
);

export const lives: fc.Arbitrary<Life> = plan.map((steps) => {
  const model = new Model();
  for (const { wait, step, index, names, isEnabled } of steps) {
    model.wait(wait);
    model.take(step, index, names, isEnabled);
  }
  return model.life;
});
