import { text } from "./column.ts";
import type { ConsoleCommand } from "./command.ts";
import { readOptions } from "./window-words.ts";

/** The text report, a line in each row. */
export const showMirrorReadiness: ConsoleCommand = {
  name: "SHOW MIRROR READINESS",
  syntax: "SHOW MIRROR READINESS [WINDOW '7d']",
  description: "whether it is safe to cut over, and what is missing; the window is all by default",
  columns: [text("readiness")],
  changes: false,
  parse(rest) {
    const options = readOptions(rest, ["WINDOW"]);
    if (options === null) return null;
    return async ({ source }) => {
      const lines = await source.readiness(options.get("WINDOW") ?? "all");
      return lines.map((line) => [line]);
    };
  },
};
