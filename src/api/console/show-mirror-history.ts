import { formatMoment } from "../../projections/rfc3339.ts";
import { float8, int8, text } from "./column.ts";
import type { ConsoleCommand } from "./command.ts";
import { readOptions } from "./window-words.ts";

const WINDOW = "24h";

/** A row for each step of time and each mirroring × database that had traffic in it. */
export const showMirrorHistory: ConsoleCommand = {
  name: "SHOW MIRROR HISTORY",
  syntax: "SHOW MIRROR HISTORY [WINDOW '24h'] [STEP '5m']",
  description: "the window as a series of points, by default the last 24 hours",
  columns: [
    text("from"),
    text("to"),
    text("mirroring"),
    text("database"),
    int8("requests_total"),
    int8("requests_mirrored"),
    int8("requests_errored"),
    int8("requests_dropped"),
    int8("requests_skipped"),
    float8("success_rate"),
    float8("mirror_p50_ms"),
    float8("mirror_p95_ms"),
    float8("mirror_p99_ms"),
    float8("primary_p50_ms"),
    float8("primary_p95_ms"),
    float8("primary_p99_ms"),
  ],
  changes: false,
  parse(rest) {
    const options = readOptions(rest, ["WINDOW", "STEP"]);
    if (options === null) return null;
    return async ({ source }) => {
      const lines = await source.history(options.get("WINDOW") ?? WINDOW, options.get("STEP") ?? null);
      return lines.map((line) => [
        formatMoment(line.from),
        formatMoment(line.to),
        line.mirroring,
        line.database,
        line.seen,
        line.mirrored,
        line.errored,
        line.dropped,
        line.skipped,
        line.successRate,
        line.mirrorP50Ms,
        line.mirrorP95Ms,
        line.mirrorP99Ms,
        line.primaryP50Ms,
        line.primaryP95Ms,
        line.primaryP99Ms,
      ]);
    };
  },
};
