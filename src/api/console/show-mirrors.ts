import type { LaneStats } from "../../projections/read-stats.ts";
import { blankStatsRow, errorsOf, inFlightOf } from "../../projections/stats-row.ts";
import { float8, int8, text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";

/** A row for each mirroring × database; a mirroring without traffic has one without a database. */
export const showMirrors: ConsoleCommand = {
  name: "SHOW MIRRORS",
  syntax: "SHOW MIRRORS",
  description: "the mirrorings as they are now: counts, queue, state",
  columns: [
    text("database"),
    text("user"),
    int8("total_count"),
    int8("mirrored_count"),
    int8("dropped_count"),
    int8("error_count"),
    int8("queue_length"),
    text("mirroring"),
    text("state"),
    int8("skipped_count"),
    int8("in_flight"),
    int8("queue_bytes"),
    int8("connections"),
    float8("exposure"),
    text("healthy"),
  ],
  changes: false,
  parse: alone(async ({ source }) => {
    const { lanes } = await source.stats();
    const { mirrorings, databases } = source.config;
    return source.mirrorings().flatMap((live) => {
      const mirroring = mirrorings.find(({ name }) => name === live.mirroring);
      const server = databases.find(({ name }) => name === mirroring?.destination);
      const own: (LaneStats | null)[] = lanes.filter((lane) => lane.mirroring === live.mirroring);
      return (own.length === 0 ? [null] : own).map((lane) => {
        const stats = lane?.stats ?? blankStatsRow();
        return [
          lane?.database ?? null,
          server?.user ?? null,
          stats.requests_total,
          stats.requests_mirrored,
          stats.requests_dropped,
          errorsOf(stats),
          live.queueDepth,
          live.mirroring,
          live.state,
          stats.requests_skipped,
          inFlightOf(stats),
          live.queueBytes,
          live.connections,
          mirroring?.exposure ?? null,
          live.healthy ? "yes" : "no",
        ];
      });
    });
  }),
};
