// The recorder by itself: how many events it takes a second, and what one costs on disk.

import type { Experiment } from "./bench-setup.ts";
import { benchRecorder, type RecorderFigures } from "./recorder-bench.ts";
import { spreadOf } from "../../src/bench/spread.ts";

export const recorder: Experiment = {
  name: "recorder",
  figures: ["recorder_events", "event_bytes_on_disk"],
  needs: [],
  run: async ({ rounds }) => {
    const results: RecorderFigures[] = [];
    for (let round = 0; round < rounds; round++) results.push(await benchRecorder());
    return [
      {
        name: "recorder_events",
        value: spreadOf(results.map(({ eventsPerSecond }) => eventsPerSecond)),
        unit: "events/s",
        target: ">= 300,000",
      },
      {
        name: "event_bytes_on_disk",
        value: spreadOf(results.map(({ bytesPerEvent }) => bytesPerEvent)),
        unit: "bytes",
        target: "<= 45",
      },
    ];
  },
};
