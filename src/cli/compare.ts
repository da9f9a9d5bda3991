// `pgsoak compare`: two windows side by side, read from the log.

import { Command } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import { orUsage, readBounds, selectionOptions, type SelectionOptions } from "./window-options.ts";

const EXAMPLES = `
Examples:
  $ pgsoak compare 7d 24h                      the last day beside the last week
  $ pgsoak compare 2026-11-20T00:00:00Z..2026-11-21T00:00:00Z 24h
  $ pgsoak compare 1795132800..1795136400 1795219200..1795222800 --mirroring pg18 --json

A window is a length up to now, all, or FROM..TO, each RFC 3339 or Unix seconds.
`;

interface CompareOptions extends LogOptions, SelectionOptions {
  readonly json?: boolean;
}

async function printComparison(context: CliContext, a: string, b: string, options: CompareOptions): Promise<void> {
  using reader = await openLog(context, options);
  const { readComparison } = await import("../projections/comparison.ts");
  const { parseNamedWindow } = await import("../projections/named-window.ts");
  const { mirroring, database } = options;
  const bounds = await readBounds(reader, options);
  const windows = orUsage(() => ({ a: parseNamedWindow("a", a, bounds), b: parseNamedWindow("b", b, bounds) }));
  const comparison = await readComparison(reader, { ...windows, mirroring, database });
  if (options.json === true) return context.stdout(`${JSON.stringify(comparison, null, 2)}\n`);
  const { comparisonText } = await import("../projections/comparison-text.ts");
  context.stdout(comparisonText(comparison));
}

export function compareCommand(context: CliContext): Command {
  const command = new Command("compare")
    .description("print two windows side by side, and what is different")
    .argument("<a>", "the one window")
    .argument("<b>", "the other window")
    .addOption(configOption())
    .addOption(dbOption());
  for (const option of selectionOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((a: string, b: string, options: CompareOptions) => printComparison(context, a, b, options));
}
