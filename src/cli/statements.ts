// `pgsoak statements`: what became of each statement in a window, the worst first, read from the log.

import { Command, InvalidArgumentError, Option } from "commander";
import type { StatementSort } from "../projections/statement-sort.ts";
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
  $ pgsoak statements                                  the 20 with the most errors
  $ pgsoak statements --window 24h --sort ratio        where the mirror is slower than the primary
  $ pgsoak statements --sort divergences --limit 5 --mirroring pg18
  $ pgsoak statements --json | jq '.statements[] | select(.errored > 0)'

The ratio is the mirror's p95 by the primary's; under 30 executions there is none.
`;

/** Written out, so that --help needs no projection. */
const SORTS = {
  errors: true,
  calls: true,
  ratio: true,
  divergences: true,
  latency: true,
} as const satisfies Record<StatementSort, true>;
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1000;

interface StatementsOptions extends LogOptions, WindowOptions, SelectionOptions {
  readonly sort: StatementSort;
  readonly limit: number;
  readonly json?: boolean;
}

function limitArgument(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= LIMIT_MAX) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${LIMIT_MAX}.`);
}

async function printStatements(context: CliContext, options: StatementsOptions): Promise<void> {
  using reader = await openLog(context, options);
  const { readStatementList } = await import("../projections/statement-list.ts");
  const { parseWindow } = await import("../projections/window.ts");
  const { sort, limit, mirroring, database, window: length, from, to } = options;
  const bounds = await readBounds(reader, options);
  const window = orUsage(() => parseWindow({ window: length, from, to }, bounds));
  const list = readStatementList(reader, { window, sort, limit, mirroring, database });
  if (options.json === true) return context.stdout(`${JSON.stringify(list, null, 2)}\n`);
  const { statementListText } = await import("../projections/statement-list-text.ts");
  context.stdout(statementListText(list, context.stdoutColumns));
}

export function statementsCommand(context: CliContext): Command {
  const command = new Command("statements")
    .description("print the statements of a window with their errors and latencies, the worst first")
    .addOption(configOption())
    .addOption(dbOption());
  for (const option of [...windowOptions(), ...selectionOptions()]) command.addOption(option);
  return command
    .addOption(new Option("--sort <figure>", "what comes first").choices(Object.keys(SORTS)).default("errors"))
    .addOption(new Option("--limit <count>", "at most so many").argParser(limitArgument).default(LIMIT_DEFAULT))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: StatementsOptions) => printStatements(context, options));
}
