import { float8, int8, text } from "./column.ts";
import type { ConsoleCommand } from "./command.ts";
import { readOptions } from "./window-words.ts";

const WINDOW = "24h";

/** A row for each normalised statement, the worst first. */
export const showMirrorStatements: ConsoleCommand = {
  name: "SHOW MIRROR STATEMENTS",
  syntax: "SHOW MIRROR STATEMENTS [WINDOW '24h']",
  description: "the statements with the most errors and divergences, by default of the last 24 hours",
  columns: [
    text("mirroring"),
    text("database"),
    int8("calls"),
    int8("errors"),
    int8("divergences"),
    float8("mirror_p95_ms"),
    float8("primary_p95_ms"),
    float8("ratio"),
    text("statement"),
  ],
  changes: false,
  parse(rest) {
    const options = readOptions(rest, ["WINDOW"]);
    if (options === null) return null;
    return async ({ source }) => {
      const lines = await source.statements(options.get("WINDOW") ?? WINDOW);
      return lines.map((line) => [
        line.mirroring,
        line.database,
        line.calls,
        line.errors,
        line.divergences,
        line.mirrorP95Ms,
        line.primaryP95Ms,
        line.ratio,
        line.statement,
      ]);
    };
  },
};
