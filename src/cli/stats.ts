// `pgsoak stats`: the counters of MirrorStats, read from the log beside a running service or without one.

import { Command } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";

const EXAMPLES = `
Examples:
  $ pgsoak stats                    of the log that ./pgsoak.toml names
  $ pgsoak stats --db ./pgsoak.db   of this log
  $ pgsoak stats --json | jq .total
`;

interface StatsOptions extends LogOptions {
  readonly json?: boolean;
}

async function printStats(context: CliContext, options: StatsOptions): Promise<void> {
  using reader = await openLog(context, options);
  const { readStats } = await import("../projections/read-stats.ts");
  const snapshot = await readStats(reader);
  if (options.json === true) {
    const { statsJson } = await import("../projections/stats-json.ts");
    context.stdout(`${JSON.stringify(statsJson(snapshot), null, 2)}\n`);
    return;
  }
  const { statsText } = await import("../projections/stats-text.ts");
  context.stdout(statsText(snapshot, context.stdoutColumns));
}

export function statsCommand(context: CliContext): Command {
  return new Command("stats")
    .description("print what was mirrored, in total and for each mirroring and database")
    .addOption(configOption())
    .addOption(dbOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: StatsOptions) => printStats(context, options));
}
