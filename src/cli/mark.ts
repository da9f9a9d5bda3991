// `pgsoak mark`: a note on the time line, for whoever reads the evidence later.

import { Command } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { authorOption, postToService, serviceOptions, type ServiceOptions } from "./service-client.ts";

const EXAMPLES = `
Examples:
  $ pgsoak mark index on orders built
  $ pgsoak mark "load test begins" --who ann
  $ pgsoak mark restored --url https://pgsoak.example:9090 --token-file ./token

The running service writes it; GET /markers and pgsoak events --kind marked show it.
`;

interface MarkOptions extends ServiceOptions {
  readonly who: string;
  readonly json?: boolean;
}

async function mark(words: readonly string[], options: MarkOptions, context: CliContext): Promise<void> {
  const event = await postToService(context, options, "markers", { text: words.join(" "), who: options.who });
  context.stdout(options.json === true ? `${JSON.stringify(event)}\n` : `Marked at ${event.at} (event ${event.seq})\n`);
}

export function markCommand(context: CliContext): Command {
  const command = new Command("mark")
    .description("add a note to the log of the running service")
    .argument("<text...>", "the note, one line")
    .addOption(configOption())
    .addOption(authorOption(context));
  for (const option of serviceOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((words: string[], options: MarkOptions) => mark(words, options, context));
}
