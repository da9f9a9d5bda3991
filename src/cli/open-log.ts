// Opens the event log for the commands that read it: `--db`, or the path that the configuration names.

import { Option } from "commander";
import type { LogReader } from "../events/log-reader.ts";
import type { CliContext } from "./context.ts";

/** What configOption() and dbOption() give. */
export interface LogOptions {
  readonly config: string;
  readonly db?: string;
}

/** `--db <path>`, the same words on every command that reads the log. */
export function dbOption(): Option {
  return new Option("--db <path>", "event log to read, instead of the one that the configuration names");
}

/** Read-only, beside a running service or without one. Throws as openReader, or config_invalid. */
export async function openLog({ env }: CliContext, options: LogOptions): Promise<LogReader> {
  const { openReader } = await import("../events/log-reader.ts");
  if (options.db !== undefined) return openReader(options.db);
  const { loadConfig } = await import("../config/load-config.ts");
  return openReader(loadConfig({ path: options.config, env }).events.path);
}
