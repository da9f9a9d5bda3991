import { alone, type ConsoleCommand } from "./command.ts";

/** History and readiness are untouched by it. */
export const resetMirrorStats: ConsoleCommand = {
  name: "RESET MIRROR_STATS",
  syntax: "RESET MIRROR_STATS",
  description: "zeroes the counters of SHOW MIRROR_STATS; history and readiness are untouched by it",
  columns: [],
  changes: true,
  parse: alone(async ({ source, who }) => {
    await source.appender.append({ kind: "counters_reset", at: source.clock.wallUs(), who });
    return [];
  }),
};
