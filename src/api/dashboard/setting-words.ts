// How the dashboard calls the settings of readiness: a label, and what the number is in.

import type { SettingName } from "../../projections/readiness/policy.ts";

interface SettingWords {
  readonly label: string;
  readonly hint: string;
}

export const SETTING_WORDS: Readonly<Record<SettingName, SettingWords>> = {
  mirror_max_error_rate: { label: "Error rate, at most", hint: "a share: 0.01 is 1%" },
  mirror_consecutive_success: { label: "Consecutive successes, at least", hint: "requests" },
  mirror_max_latency_ms: { label: "Mean mirror latency, at most", hint: "milliseconds" },
  mirror_p99_rule: { label: "p99 above 2 × mean", hint: "what it means" },
  mirror_min_runtime_hours: { label: "Observed time, at least", hint: "hours" },
  mirror_min_requests: { label: "Requests selected, at least", hint: "requests" },
  max_divergence_rate: { label: "Divergence rate, at most", hint: "a share: 0.001 is 0.1%" },
  max_drop_rate: { label: "Drop rate, at most", hint: "a share: 0.01 is 1%" },
  min_observed: { label: "Of that time really observed", hint: "a share: 0.95 is 95%" },
  max_latency_ratio: { label: "Mirror p95 ÷ primary p95, at most", hint: "per statement" },
  min_exposure: { label: "Exposure, at least", hint: "a share of the traffic" },
  expires_after: { label: "A verdict expires after", hint: "24h, 7d" },
};
