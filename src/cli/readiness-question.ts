// What the commands share that judge a window: their options, the policy that they judge by, and the verdict as an exit code.

import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { messageOf, PgsoakError } from "../errors.ts";
import type { LogReader } from "../events/log-reader.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import type { Window } from "../projections/window.ts";
import { configOption, type CliContext } from "./context.ts";
import { dbOption, type LogOptions } from "./open-log.ts";
import { selectionOptions, type SelectionOptions, windowOptions, type WindowOptions } from "./window-options.ts";

type Override = readonly [name: string, text: string];

export interface QuestionOptions extends LogOptions, WindowOptions, SelectionOptions {
  readonly set?: Override[];
}

export const VERDICT_EXIT_CODES: Readonly<Record<Readiness["verdict"], number>> = {
  READY: 0,
  NOT_READY: 1,
  INCONCLUSIVE: 2,
};

/** The last words of --help. */
export const VERDICT_EXIT_HELP = `
It exits 0 when the verdict is READY, 1 when it is NOT_READY, 2 when it is INCONCLUSIVE; 64 when the question is wrong, 78 when the
configuration is, and 70 when anything else is.
`;

function override(text: string, before: Override[] = []): Override[] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new InvalidArgumentError("It must be a setting and its value, such as max_drop_rate=0.02.");
  return [...before, [text.slice(0, equals), text.slice(equals + 1)]];
}

export function addQuestionOptions(command: Command): Command {
  for (const option of [configOption(), dbOption(), ...windowOptions(), ...selectionOptions()])
    command.addOption(option);
  return command.addOption(
    new Option("--set <setting=value>", "another threshold, or off; repeatable").argParser(override),
  );
}

/** Whether somebody named the configuration, rather than leaving it to the default. */
export const isConfigGiven = (command: Command): boolean => command.getOptionValueSource("config") !== "default";

/** What was wrong with the question is a usage error. */
async function asked<T>(question: () => T | Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    const { PolicyError } = await import("../projections/readiness/policy.ts");
    const { WindowError } = await import("../projections/window.ts");
    if (!(error instanceof PolicyError || error instanceof WindowError)) throw error;
    throw new PgsoakError("usage", messageOf(error), { cause: error });
  }
}

export interface PolicyOptions extends LogOptions {
  /** Thresholds instead of the configured ones. */
  readonly set?: readonly (readonly [name: string, text: string])[];
}

/** The configured one; of a log that was brought here without its configuration the default one. */
export async function policyFor({ env }: CliContext, options: PolicyOptions, isGiven: boolean): Promise<Policy> {
  const { defaultPolicy, overridePolicy, policyOf } = await import("../projections/readiness/policy.ts");
  const isAlone = options.db !== undefined && !isGiven && !existsSync(options.config);
  const { loadConfig } = await import("../config/load-config.ts");
  const stored = isAlone ? defaultPolicy() : policyOf(loadConfig({ path: options.config, env }).readiness);
  return asked(() => overridePolicy(stored, options.set ?? []));
}

/** The window that is asked about; `wallUs` is the clock. Names that the log doesn't know are a usage error. */
export async function windowFor(reader: LogReader, options: QuestionOptions, wallUs: number): Promise<Window> {
  const { checkSelection } = await import("../projections/readiness/check-selection.ts");
  const { readWindowBounds } = await import("../projections/log-extent.ts");
  const { readinessWindow } = await import("../projections/readiness/readiness-window.ts");
  const { mirroring, database, window, from, to } = options;
  const unknown = checkSelection(reader, { mirroring, database });
  if (unknown !== null) throw new PgsoakError("usage", `--${unknown.field}: ${unknown.message}`);
  const bounds = readWindowBounds(reader, wallUs, mirroring);
  return asked(() => readinessWindow({ window, from, to }, bounds));
}
