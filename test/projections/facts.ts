// Short ways to write the events of lane 1 at a moment; anything can be overridden.

import type { EventOf, NewEvent, ObservationState } from "../../src/events/event.ts";

type Fact<K extends NewEvent["kind"]> = Omit<EventOf<K>, "seq">;
type Change<K extends NewEvent["kind"]> = Partial<Omit<Fact<K>, "kind">>;

const about = { request: 1, lane: 1, statement: 0 };
const times = { mirrorUs: 2000, primaryUs: 1000, waitUs: 10 };

export const tallied = (at: number, seen: number, change: Change<"tallied"> = {}): Fact<"tallied"> => ({
  kind: "tallied",
  at,
  lane: 1,
  seen,
  ...change,
});

export const queued = (at: number, change: Change<"queued"> = {}): Fact<"queued"> => ({
  kind: "queued",
  at,
  run: 1,
  session: 1,
  bytes: 20,
  ...about,
  ...change,
});

export const mirrored = (at: number, change: Change<"mirrored"> = {}): Fact<"mirrored"> => ({
  kind: "mirrored",
  at,
  rows: 1,
  parity: "match",
  root: null,
  ...about,
  ...times,
  ...change,
});

export const errored = (at: number, change: Change<"errored"> = {}): Fact<"errored"> => ({
  kind: "errored",
  at,
  category: "query",
  attribution: "compatibility",
  sqlstate: "42883",
  message: "function does not exist",
  root: null,
  ...about,
  ...times,
  ...change,
});

export const dropped = (at: number, change: Change<"dropped"> = {}): Fact<"dropped"> => ({
  kind: "dropped",
  at,
  reason: "buffer_full",
  wasQueued: false,
  ...about,
  ...change,
});

export const skipped = (at: number, count: number, change: Change<"skipped"> = {}): Fact<"skipped"> => ({
  kind: "skipped",
  at,
  lane: 1,
  reason: "exposure",
  count,
  ...change,
});

export const unrecorded = (at: number, change: Change<"unrecorded"> = {}): Fact<"unrecorded"> => ({
  kind: "unrecorded",
  at,
  lane: 1,
  from: at,
  to: at,
  requests: 1,
  cause: "ring_full",
  ...change,
});

export const countersReset = (at: number): Fact<"counters_reset"> => ({ kind: "counters_reset", at, who: "a test" });

export const runStarted = (at: number, change: Change<"run_started"> = {}): Fact<"run_started"> => ({
  kind: "run_started",
  at,
  run: 1,
  version: "0.0.0",
  host: "h",
  configHash: "c",
  mirrorings: [],
  metricsEnabled: true,
  ...change,
});

export const runStopped = (at: number): Fact<"run_stopped"> => ({ kind: "run_stopped", at, run: 1 });

export const observationChanged = (
  at: number,
  state: ObservationState,
  change: Change<"observation_changed"> = {},
): Fact<"observation_changed"> => ({ kind: "observation_changed", at, mirroring: "pg18", state, cause: "", ...change });
