import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { defaultPolicy, overridePolicy, policyJson, policyOf } from "../../../src/projections/readiness/policy.ts";

const DATABASES = '[[databases]]\nname = "*"\nhost = "127.0.0.1"\ntls = "disable"\n';

test("the defaults are those of the specification", () => {
  expect(policyJson(defaultPolicy())).toEqual({
    mirror_max_error_rate: 0.01,
    mirror_consecutive_success: 10_000,
    mirror_max_latency_ms: 1000,
    mirror_p99_rule: "warn",
    mirror_min_runtime_hours: 24,
    mirror_min_requests: 100_000,
    max_divergence_rate: 0.001,
    max_drop_rate: 0.01,
    min_observed: 0.95,
    max_latency_ratio: 1.5,
    min_exposure: 1,
    expires_after: "24h",
  });
});

test("a configuration that says nothing has the default policy", () => {
  const config = parseConfig(DATABASES, { file: null, env: {} });
  expect(policyOf(config.readiness)).toEqual(defaultPolicy());
});

test("a setting is overridden under its own name, as the configuration writes it, and the stored policy stays", () => {
  const stored = defaultPolicy();
  const asked = overridePolicy(stored, [
    ["mirror_max_error_rate", "0.001"],
    ["min_observed", "off"],
    ["mirror_p99_rule", "fail"],
    ["expires_after", "2d"],
  ]);
  expect(policyJson(asked)).toMatchObject({
    mirror_max_error_rate: 0.001,
    min_observed: "off",
    mirror_p99_rule: "fail",
    expires_after: "2d",
  });
  expect(stored).toEqual(defaultPolicy());
});

test.for([
  ["mirror_max_error_rate", "2", /^mirror_max_error_rate is "2", expected a number from 0 to 1, or "off"$/],
  ["mirror_min_requests", "many", /^mirror_min_requests is "many", expected an integer from 0 to \d+, or "off"$/],
  ["mirror_min_requests", "1.5", /expected an integer/],
  ["mirror_p99_rule", "maybe", /expected one of "warn", "fail", "off"$/],
  ["max_drop_rate", "", /^max_drop_rate is "", expected a number/],
  ["max_drop_rate", "NaN", /expected a number/],
  ["expires_after", "0", /expected a duration/],
  ["max_drop_rates", "0.1", /^"max_drop_rates" is no setting of readiness, expected one of mirror_max_error_rate, /],
  ["__proto__", "0.1", /is no setting of readiness/],
  ["windows", "24h", /is no setting of readiness/],
] as const)("%s = %j is refused with the field, the value and what was expected", ([name, text, message]) => {
  expect(() => overridePolicy(defaultPolicy(), [[name, text]])).toThrow(
    expect.objectContaining({ field: name, message: expect.stringMatching(message) }),
  );
});

test("a long value is quoted in part", () => {
  expect(() => overridePolicy(defaultPolicy(), [["max_drop_rate", "x".repeat(3000)]])).toThrow(/^.{0,200}$/);
});
