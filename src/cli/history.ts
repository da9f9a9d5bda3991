// `pgsoak history`: a window as a series of points, read from the log beside a running service or without one.

import { Command, Option } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import {
  orUsage,
  readBounds,
  selectionOptions,
  type SelectionOptions,
  windowOptions,
  type WindowOptions,
} from "./window-options.ts";

const EXAMPLES = `
Examples:
  $ pgsoak history                               since the log, or its last epoch, began
  $ pgsoak history --window 24h --step 1h
  $ pgsoak history --from 2026-11-21T10:00:00Z --to 2026-11-21T11:00:00Z --mirroring pg18
  $ pgsoak history --window 7d --csv > week.csv

Without --step the table has about 40 points, JSON and CSV have about 300.
`;

const TABLE_POINTS = 40;

interface HistoryOptions extends LogOptions, WindowOptions, SelectionOptions {
  readonly step?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

async function printHistory(context: CliContext, options: HistoryOptions): Promise<void> {
  using reader = await openLog(context, options);
  const { readHistory } = await import("../projections/history.ts");
  const { historyStep } = await import("../projections/history-step.ts");
  const { parseWindow } = await import("../projections/window.ts");
  const { mirroring, database, window: length, from, to } = options;
  const bounds = await readBounds(reader, options);
  const window = orUsage(() => parseWindow({ window: length, from, to }, bounds));
  const isTable = options.json !== true && options.csv !== true;
  const stepUs = orUsage(() => historyStep(window, options.step, isTable ? TABLE_POINTS : undefined));
  const history = await readHistory(reader, { window, stepUs, mirroring, database });
  if (options.json === true) return context.stdout(`${JSON.stringify(history, null, 2)}\n`);
  if (options.csv === true) {
    const { historyCsv } = await import("../projections/history-csv.ts");
    return context.stdout(historyCsv(history));
  }
  const { historyText } = await import("../projections/history-text.ts");
  context.stdout(historyText(history, context.stdoutColumns));
}

export function historyCommand(context: CliContext): Command {
  const command = new Command("history")
    .description("print a window as a series of points: counts, rates, latencies")
    .addOption(configOption())
    .addOption(dbOption());
  for (const option of [...windowOptions(), ...selectionOptions()]) command.addOption(option);
  return command
    .option("--step <length>", "of a point, such as 10s, 5m or 1h; 2,000 points at most")
    .addOption(jsonOption())
    .addOption(new Option("--csv", "print the points as CSV").conflicts("json"))
    .addHelpText("after", EXAMPLES)
    .action((options: HistoryOptions) => printHistory(context, options));
}
