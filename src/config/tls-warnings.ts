// What a valid configuration leaves unencrypted or unchecked, and certificates that are about to end.

import { isLoopback, isSocketFolder } from "./address.ts";
import { certificatesOf } from "./certificates.ts";
import type { Config, DatabaseConfig } from "./config.ts";

const DAY_MS = 86_400_000;
/** A soak takes weeks: whoever begins one should know of a certificate that won't live to see its end. */
const ENDS_SOON_DAYS = 14;

export function tlsWarnings(config: Config, nowMs: number): string[] {
  return [
    ...clientWarnings(config),
    ...serverWarnings(config),
    ...authorityWarnings(config),
    ...bindingWarnings(config),
    ...certificateWarnings(config, nowMs),
  ];
}

function clientWarnings({ general, tls }: Config): string[] {
  if (isLoopback(general.host) || tls.required) return [];
  const where = `general.host = "${general.host}"`;
  return tls.certificate === null
    ? [`${where}: clients on other machines are served in plaintext, there is no tls.certificate`]
    : [`${where}: clients on other machines may connect in plaintext, unless tls.required = true`];
}

function serverWarnings({ databases }: Config): string[] {
  const names = databases
    .filter(({ host, tls }) => tls === "prefer" && !isLoopback(host) && !isSocketFolder(host))
    .map(({ name }) => `"${name}"`);
  if (names.length === 0) return [];
  const meaning = "takes plaintext where the server has no TLS, and checks no certificate";
  return [`databases.tls = "prefer" ${meaning}: ${names.join(", ")}`];
}

/** Whoever owns some domain gets a certificate of a well-known authority; libpq refuses the pair. */
function authorityWarnings({ databases }: Config): string[] {
  return databases
    .filter(({ tls, tlsCa }) => tls === "verify-ca" && tlsCa === null)
    .map(({ name }) => {
      const meaning = "takes any certificate of any well-known authority, whoever it is made out to";
      return `databases "${name}": tls = "verify-ca" without tls_ca ${meaning}; give tls_ca, or use "verify-full"`;
    });
}

/** Channel binding ties a login to the certificate that the client sees, which must then be the primary's own. */
function bindingWarnings({ general, tls, databases, mirrorings }: Config): string[] {
  if (general.auth !== "passthrough" || tls.certificate === null) return [];
  const isPrimary = ({ name }: DatabaseConfig): boolean => mirrorings.every(({ destination }) => destination !== name);
  return databases
    .filter((database) => isPrimary(database) && database.tls !== "disable" && !isSocketFolder(database.host))
    .map(({ name }) => {
      const both = `databases "${name}": with TLS on both legs, under auth = "passthrough"`;
      return `${both}, clients log in by SCRAM only if tls.certificate is the primary's own certificate`;
    });
}

function certificateWarnings({ tls, databases }: Config, nowMs: number): string[] {
  const leaf = tls.certificate === null ? undefined : certificatesOf(tls.certificate)[0];
  const warnings = leaf === undefined ? [] : validityOf("tls.certificate", leaf, nowMs);
  for (const { name, tlsCa } of databases) {
    if (tlsCa === null) continue;
    // Of several authorities one may be there for what was before, or comes after.
    const validities = certificatesOf(tlsCa).map((ca) => validityOf(`databases "${name}".tls_ca`, ca, nowMs));
    if (validities.every((found) => found.length > 0)) warnings.push(...(validities[0] ?? []));
  }
  return warnings;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function validityOf(name: string, certificate: { validFrom: string; validTo: string }, nowMs: number): string[] {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (nowMs > to) return [`${name} has expired on ${day(to)}`];
  if (nowMs < from) return [`${name} is not valid before ${day(from)}`];
  if (to - nowMs < ENDS_SOON_DAYS * DAY_MS) return [`${name} expires on ${day(to)}`];
  return [];
}
