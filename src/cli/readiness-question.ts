// What the commands that judge a window have in common: whose policy it is, and what a wrong question is.

import { existsSync } from "node:fs";
import { messageOf, PgsoakError } from "../errors.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { CliContext } from "./context.ts";
import type { LogOptions } from "./open-log.ts";

/** What was wrong with the question is a usage error. */
export async function asked<T>(question: () => T | Promise<T>): Promise<T> {
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
export async function policyFor({ env }: CliContext, options: PolicyOptions, isConfigGiven: boolean): Promise<Policy> {
  const { defaultPolicy, overridePolicy, policyOf } = await import("../projections/readiness/policy.ts");
  const isAlone = options.db !== undefined && !isConfigGiven && !existsSync(options.config);
  const { loadConfig } = await import("../config/load-config.ts");
  const stored = isAlone ? defaultPolicy() : policyOf(loadConfig({ path: options.config, env }).readiness);
  return asked(() => overridePolicy(stored, options.set ?? []));
}
