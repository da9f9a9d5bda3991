// `pgsoak epoch`: says that the evidence so far is worthless, and why. The service finds out by itself when a mirror's
// address, version or behaviour changes; that its data were restored anew, only people know.

import { Command } from "commander";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { authorOption, postToService, serviceOptions, type ServiceOptions } from "./service-client.ts";

const EXAMPLES = `
Examples:
  $ pgsoak epoch mirror restored from the backup of Monday
  $ pgsoak epoch "new storage" --mirroring pg18

Evidence from before this moment doesn't count any more; nothing is removed.
`;

interface EpochOptions extends ServiceOptions {
  readonly mirroring?: string;
  readonly who: string;
  readonly json?: boolean;
}

async function startEpoch(words: readonly string[], options: EpochOptions, context: CliContext): Promise<void> {
  const { mirroring = null, who } = options;
  const event = await postToService(context, options, "epochs", { reason: words.join(" "), mirroring, who });
  const whose = mirroring === null ? "all mirrorings" : mirroring;
  const text = `An epoch of ${whose} began at ${event.at} (event ${event.seq})\n`;
  context.stdout(options.json === true ? `${JSON.stringify(event)}\n` : text);
}

export function epochCommand(context: CliContext): Command {
  const command = new Command("epoch")
    .description("begin an epoch: evidence from before doesn't count any more")
    .argument("<reason...>", "why, one line")
    .addOption(configOption())
    .option("--mirroring <name>", "of this mirroring only")
    .addOption(authorOption(context));
  for (const option of serviceOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((words: string[], options: EpochOptions) => startEpoch(words, options, context));
}
