// What a valid configuration does that its author may not expect.

import type { Config } from "./config.ts";
import { tlsWarnings } from "./tls-warnings.ts";

/** `nowMs` is Unix time: certificates end. */
export function warningsOf(config: Config, nowMs = Date.now()): string[] {
  return [...relayWarnings(config), ...tlsWarnings(config, nowMs), ...loginWarnings(config), ...apiWarnings(config)];
}

function relayWarnings({ mirrorings, general }: Config): string[] {
  if (mirrorings.length === 0) return ["there is no [[mirroring]]: pgsoak is a plain relay and observes nothing"];
  if (general.mirrorMetricsEnabled) return [];
  return ["general.mirror_metrics_enabled = false: nothing is recorded, so readiness stays INCONCLUSIVE"];
}

function loginWarnings({ databases, mirrorings, users }: Config): string[] {
  const warnings: string[] = [];
  const isMirror = (name: string): boolean => mirrorings.some(({ destination }) => destination === name);
  for (const { name, user, password } of databases) {
    const given = [user === null ? "" : "user", password === null ? "" : "password"].filter((key) => key !== "");
    if (!isMirror(name) && given.length > 0) {
      const keys = given.length > 1 ? `${given.join(" and ")} have` : `${given[0]} has`;
      warnings.push(`databases "${name}": ${keys} no effect, under auth = "passthrough" clients log in themselves`);
    }
    if (isMirror(name) && password === null && users.every((known) => known.password === null)) {
      warnings.push(`databases "${name}": this mirror is entered without a password, which it must allow (trust)`);
    }
  }
  for (const { name, scramVerifier } of users) {
    if (scramVerifier !== null)
      warnings.push(`users "${name}": scram_verifier has no effect without auth = "userlist"`);
  }
  return warnings;
}

function apiWarnings({ api }: Config): string[] {
  if (api.token !== null || !api.openReads) return [];
  return ["api.open_reads has no effect without a token: reads are open then anyway"];
}
