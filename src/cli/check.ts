// `pgsoak check`: says whether a configuration is right and prints what it amounts to. Starts nothing, touches nothing.

import { Command } from "commander";
import { describeConfig, maskedDocument } from "../config/describe-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { warningsOf } from "../config/warnings.ts";
import { openDoors } from "../config/unsafe.ts";
import { configOption, jsonOption, type CliContext } from "./context.ts";

const EXAMPLES = `
Examples:
  $ pgsoak check
  $ pgsoak check --config /etc/pgsoak/pgsoak.toml
  $ pgsoak check --json | jq .mirroring

Exit codes: 0 the configuration is right, 78 it is not; warnings go to standard error and change nothing.
`;

interface CheckOptions {
  readonly config: string;
  readonly json?: true;
}

export function checkCommand(context: CliContext): Command {
  return new Command("check")
    .description("check the configuration and print what it amounts to, secrets masked")
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: CheckOptions) => {
      const config = loadConfig({ path: options.config, env: context.env });
      for (const warning of warningsOf(config)) context.stderr(`pgsoak: warning: ${warning}\n`);
      for (const door of openDoors(config)) context.stderr(`pgsoak: note: ${door}\n`);
      const json = (): string => `${JSON.stringify(maskedDocument(config), null, 2)}\n`;
      context.stdout(options.json === true ? json() : describeConfig(config));
    });
}
