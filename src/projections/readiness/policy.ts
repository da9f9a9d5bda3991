// What readiness is judged by: the thresholds under the names that the configuration, the API and the command line share.
// Checks and defaults are those of the configuration. A null is "off".

import type { ReadinessConfig } from "../../config/config.ts";
import { formatDuration } from "../../config/duration.ts";
import type { Values } from "../../config/read-table.ts";
import { GENERAL, READINESS } from "../../config/schema.ts";

/** In the order in which an answer shows them. */
const POLICY_SETTINGS = {
  mirror_max_error_rate: GENERAL.mirror_max_error_rate,
  mirror_consecutive_success: GENERAL.mirror_consecutive_success,
  mirror_max_latency_ms: GENERAL.mirror_max_latency_ms,
  mirror_p99_rule: GENERAL.mirror_p99_rule,
  mirror_min_runtime_hours: GENERAL.mirror_min_runtime_hours,
  mirror_min_requests: GENERAL.mirror_min_requests,
  max_divergence_rate: READINESS.max_divergence_rate,
  max_drop_rate: READINESS.max_drop_rate,
  min_observed: READINESS.min_observed,
  max_latency_ratio: READINESS.max_latency_ratio,
  min_exposure: READINESS.min_exposure,
  expires_after: READINESS.expires_after,
};

export type SettingName = keyof typeof POLICY_SETTINGS;
export type Policy = Values<typeof POLICY_SETTINGS>;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
export const SETTING_NAMES = Object.keys(POLICY_SETTINGS) as SettingName[];

/** What is quoted of a value that somebody made up. */
const SHOWN_CHARACTERS = 60;

/** A threshold that can't be one: the API answers 400 with it, the command line exits 64. */
export class PolicyError extends Error {
  /** The setting that was named. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = "PolicyError";
    this.field = field;
  }
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(POLICY_SETTINGS, name);
}

/** What a value of this setting must be, in words. */
export function expectedOf(name: SettingName): string {
  return POLICY_SETTINGS[name].expected;
}

/** The policy that the configuration keeps. */
export function policyOf(config: ReadinessConfig): Policy {
  return {
    mirror_max_error_rate: config.maxErrorRate,
    mirror_consecutive_success: config.consecutiveSuccess,
    mirror_max_latency_ms: config.maxLatencyMs,
    mirror_p99_rule: config.p99Rule,
    mirror_min_runtime_hours: config.minRuntimeHours,
    mirror_min_requests: config.minRequests,
    max_divergence_rate: config.maxDivergenceRate,
    max_drop_rate: config.maxDropRate,
    min_observed: config.minObserved,
    max_latency_ratio: config.maxLatencyRatio,
    min_exposure: config.minExposure,
    expires_after: config.expiresAfterMs,
  };
}

/** The policy of a configuration that says nothing. */
export function defaultPolicy(): Policy {
  const values: unknown = Object.fromEntries(
    Object.entries(POLICY_SETTINGS).map(([name, { schema, fallback }]) => [name, schema.parse(fallback)]),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each default is what its own setting makes of it
  return values as Policy;
}

/** The policy with other values for the named settings, each written as in the configuration. Throws PolicyError. */
export function overridePolicy(policy: Policy, overrides: readonly (readonly [name: string, text: string])[]): Policy {
  const changed: Record<string, unknown> = { ...policy };
  for (const [name, text] of overrides) {
    if (!isSettingName(name)) {
      const known = SETTING_NAMES.join(", ");
      throw new PolicyError(name, `${shown(name)} is no setting of readiness, expected one of ${known}`);
    }
    const { schema, expected, fromEnvironment } = POLICY_SETTINGS[name];
    const value = schema.safeParse(fromEnvironment(text));
    if (!value.success) throw new PolicyError(name, `${name} is ${shown(text)}, expected ${expected}`);
    changed[name] = value.data;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value is what its own setting made of it
  return changed as Policy;
}

/** The policy as the configuration would write it. */
export function policyJson(policy: Policy): Record<SettingName, number | string> {
  const written = SETTING_NAMES.map((name) => {
    const value = policy[name] ?? "off";
    return [name, name === "expires_after" && typeof value === "number" ? formatDuration(value) : value];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one pair for each name
  return Object.fromEntries(written) as Record<SettingName, number | string>;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
