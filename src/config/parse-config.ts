// Text in, effective configuration out, or one error that names every mistake.
//
//   TOML ─▶ tables ─▶ + environment ─▶ values, checked one by one ─▶ effective configuration ─▶ checked as a whole

import { dirname, normalize } from "node:path";
import { checkDatabases } from "./check-databases.ts";
import { checkListeners } from "./check-listeners.ts";
import { checkMirrorings } from "./check-mirrorings.ts";
import { checkReadiness } from "./check-readiness.ts";
import { checkTls } from "./check-tls.ts";
import { checkThreads } from "./check-threads.ts";
import { checkUsers } from "./check-users.ts";
import type { Config } from "./config.ts";
import { effectiveConfig } from "./effective-config.ts";
import { applyEnvironment } from "./environment.ts";
import { scanKeyPositions } from "./key-positions.ts";
import { Mistakes } from "./mistakes.ts";
import { parseToml } from "./parse-toml.ts";
import { refuseUnknownTables } from "./read-table.ts";
import { namedSecretPlaces, ownSecretPlace } from "./secret-places.ts";

export interface ParseOptions {
  /** Absolute path of the file that the text came from: relative paths in it start at its directory. Null: at `cwd`. */
  readonly file: string | null;
  /** How messages name the file; default: its path. */
  readonly shownFile?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Lets pgsoak listen on ports that the system chooses, for tests and the demo. */
  readonly allowPortZero?: boolean;
}

/** @throws {PgsoakError} config_invalid, one line per mistake, sorted by line; what comes from the environment is last. */
export function parseConfig(text: string, options: ParseOptions): Config {
  const { file, env, cwd = process.cwd(), allowPortZero = false } = options;
  const shownFile = options.shownFile ?? (file === null ? "configuration" : normalize(file));
  const document = parseToml(text, shownFile);
  const mistakes = new Mistakes(shownFile, scanKeyPositions(text));
  const ownPlace = ownSecretPlace(document, file);
  applyEnvironment(document, env, mistakes);
  refuseUnknownTables(document, mistakes);
  const directory = file === null ? cwd : dirname(file);
  const secretFiles = [...ownPlace, ...namedSecretPlaces(document, directory)];
  const config = effectiveConfig(document, { file, directory, secretFiles }, mistakes);
  checkDatabases(config, mistakes);
  checkUsers(config, mistakes);
  checkMirrorings(config, mistakes);
  checkListeners(config, allowPortZero, mistakes);
  checkReadiness(config, mistakes);
  checkTls(config, mistakes);
  checkThreads(config, mistakes);
  mistakes.throwIfAny();
  return config;
}
