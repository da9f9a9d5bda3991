// What a valid configuration does that its author may not expect.

import { isLoopback } from "./address.ts";
import type { Config } from "./config.ts";
import { loginWarnings } from "./login-warnings.ts";
import { openSecretFiles } from "./unsafe.ts";

export function warningsOf(config: Config): string[] {
  return [
    ...relayWarnings(config),
    ...plaintextWarnings(config),
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

function plaintextWarnings({ general, databases }: Config): string[] {
  const preferring = databases.filter(({ tls }) => tls === "prefer").map(({ name }) => `"${name}"`);
  const warnings: string[] = [];
  if (preferring.length > 0) {
    const names = preferring.join(", ");
    warnings.push(`databases.tls = "prefer" means plaintext in this version, for ${names}; "disable" says the same`);
  }
  if (!isLoopback(general.host)) {
    warnings.push(
      `general.host = "${general.host}": clients on other machines are served in plaintext in this version`,
    );
  }
  return warnings;
}

function apiWarnings({ api }: Config): string[] {
  if (api.token !== null || !api.openReads) return [];
  return ["api.open_reads has no effect without a token: reads are open then anyway"];
}
