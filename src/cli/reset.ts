// `pgsoak reset`: the counters of `pgsoak stats` begin anew.

import { Command } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { authorOption, postToService, serviceOptions, type ServiceOptions } from "./service-client.ts";

const EXAMPLES = `
Examples:
  $ pgsoak reset
  $ pgsoak reset --who ann --json

The log, its history and the evidence are untouched: a reset is an event like any other.
`;

interface ResetOptions extends ServiceOptions {
  readonly who: string;
  readonly json?: boolean;
}

async function reset(options: ResetOptions, context: CliContext): Promise<void> {
  const event = await postToService(context, options, "reset", { who: options.who });
  const text = `The counters were reset at ${event.at} (event ${event.seq})\n`;
  context.stdout(options.json === true ? `${JSON.stringify(event)}\n` : text);
}

export function resetCommand(context: CliContext): Command {
  const command = new Command("reset")
    .description("zero the counters of the running service")
    .addOption(configOption())
    .addOption(authorOption(context));
  for (const option of serviceOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: ResetOptions) => reset(options, context));
}
