// What a valid configuration does that its author may not expect.

import type { Config } from "./config.ts";
import { loginWarnings } from "./login-warnings.ts";
import { tlsWarnings } from "./tls-warnings.ts";
import { openSecretFiles } from "./unsafe.ts";

/** `nowMs` is Unix time: certificates end. */
export function warningsOf(config: Config, nowMs = Date.now()): string[] {
  return [
    ...relayWarnings(config),
    ...tlsWarnings(config, nowMs),
    ...loginWarnings(config),
    ...apiWarnings(config),
    ...openSecretFiles(config),
  ];
}

function relayWarnings({ mirrorings, general }: Config): string[] {
  if (mirrorings.length === 0) return ["there is no [[mirroring]]: pgsoak is a plain relay and observes nothing"];
  if (general.mirrorMetricsEnabled) return [];
  return ["general.mirror_metrics_enabled = false: nothing is recorded, so readiness stays INCONCLUSIVE"];
}

function apiWarnings({ api }: Config): string[] {
  if (api.token !== null || !api.openReads) return [];
  return ["api.open_reads has no effect without a token: reads are open then anyway"];
}
