// Reads the configuration file.

import { readFileSync } from "node:fs";
import { normalize, resolve } from "node:path";
import { messageOf, PgsoakError } from "../errors.ts";
import { printableLine } from "../printable-line.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse-config.ts";

export interface LoadOptions {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** What a relative path starts at; default: the process's working directory. */
  readonly cwd?: string;
}

/** @throws {PgsoakError} config_invalid: the file is missing, unreadable or says something that can't be. */
export function loadConfig({ path, env, cwd = process.cwd() }: LoadOptions): Config {
  const file = resolve(cwd, path);
  return parseConfig(readText(file), { file, shownFile: normalize(path), env, cwd });
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    throw new PgsoakError("config_invalid", printableLine(unreadable(file, error)), { cause: error });
  }
}

function unreadable(file: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT") {
    return `there is no configuration file ${file}: name one with --config, or begin with a copy of pgsoak.example.toml`;
  }
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return `${file}: not valid TOML: the file is not UTF-8`;
  return `${file}: cannot read the configuration: ${messageOf(error)}`;
}
