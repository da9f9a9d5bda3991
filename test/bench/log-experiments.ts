// The log by itself: folding it anew, and removing old events beside new ones.

import type { Experiment } from "./bench-setup.ts";
import { openReplayBench } from "./replay-bench.ts";
import { benchRetention, type RetentionFigures } from "./retention-bench.ts";
import { spreadOf } from "../../src/bench/spread.ts";

/** Two a second; more would not be sparse. */
const SPARSE_EVENTS_MAX = 1_400_000;

export const replay: Experiment = {
  name: "replay",
  figures: ["replay_events", "replay_events_per_cpu_second", "replay_sparse_events_per_cpu_second"],
  needs: [],
  run: async ({ rounds, events }) => {
    using bench = await openReplayBench(events);
    using sparse = await openReplayBench(Math.min(events, SPARSE_EVENTS_MAX), true);
    bench.replay();
    const results = Array.from({ length: rounds }, () => bench.replay());
    const spread = Array.from({ length: rounds }, () => sparse.replay());
    return [
      {
        name: "replay_events",
        value: spreadOf(results.map(({ wall }) => wall)),
        unit: "events/s",
        target: ">= 1,000,000",
      },
      {
        name: "replay_events_per_cpu_second",
        value: spreadOf(results.map(({ cpu }) => cpu)),
        unit: "events/s",
        target: ">= 1,000,000",
        detail: "what a machine that other work shares would give by itself",
      },
      {
        name: "replay_sparse_events_per_cpu_second",
        value: spreadOf(spread.map(({ cpu }) => cpu)),
        unit: "events/s",
        target: ">= 300,000",
        detail: "two events a second for eight days, 200 statements",
      },
    ];
  },
};

export const retention: Experiment = {
  name: "retention",
  figures: [
    "retention_longest_hold",
    "retention_p99_hold",
    "retention_longest_hold_cpu",
    "retention_unrecorded",
    "retention_events",
  ],
  needs: [],
  run: async ({ rounds, events }) => {
    const results: RetentionFigures[] = [];
    for (let round = 0; round < rounds; round++) results.push(await benchRetention(events));
    const spread = (figure: keyof RetentionFigures) => spreadOf(results.map((result) => result[figure]));
    return [
      { name: "retention_longest_hold", value: spread("longestMs"), unit: "ms", target: "<= 20" },
      { name: "retention_p99_hold", value: spread("p99Ms"), unit: "ms", target: "<= 20" },
      { name: "retention_longest_hold_cpu", value: spread("longestCpuMs"), unit: "ms", target: "<= 20" },
      { name: "retention_unrecorded", value: spread("unrecorded"), unit: "requests", target: "0" },
      {
        name: "retention_events",
        value: spread("eventsPerSecond"),
        unit: "events/s",
        target: ">= 20,000",
        detail: "removed while 20,000 a second are appended",
      },
    ];
  },
};
