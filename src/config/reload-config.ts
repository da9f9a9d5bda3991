// What a configuration that was read again changes in the running service. What can't change without a restart keeps its
// present value and is named.
//
//   present ─┐
//   read ────┴─▶ in force from now on ── differs from present: changed
//                                     ── differs from read:    needs a restart

import type { Config, DatabaseConfig, MirroringConfig } from "./config.ts";
import { configDocument } from "./config-document.ts";
import { flatDocument } from "./flat-document.ts";
import { shownValue } from "./shown-value.ts";

export interface ReloadedConfig {
  /** Databases and mirrorings are those of the present one, in the same order. */
  readonly config: Config;
  /** What differs from the present one: `general.mirror_exposure: 1 -> 0.5`. Secrets are named, never shown. */
  readonly changed: readonly string[];
  /** What was read but waits for a restart, in the same words. */
  readonly needRestart: readonly string[];
}

export function reloadConfig(present: Config, read: Config): ReloadedConfig {
  const config = inForce(present, read);
  return { config, changed: differences(present, config), needRestart: differences(config, read) };
}

/** The one place that says what needs a restart: whatever is taken from `present` here. */
function inForce(present: Config, read: Config): Config {
  const { host, port, threads, auth, mirrorMetricsEnabled, mirroringDefaults } = present.general;
  const { readOnly } = mirroringDefaults;
  return {
    file: present.file,
    secretFiles: read.secretFiles,
    general: {
      ...read.general,
      host,
      port,
      threads,
      auth,
      mirrorMetricsEnabled,
      mirroringDefaults: { ...read.general.mirroringDefaults, readOnly },
    },
    databases: present.databases.map((database) => databaseInForce(database, read)),
    mirrorings: present.mirrorings.map((mirroring) => mirroringInForce(mirroring, read)),
    users: read.users,
    events: { ...present.events, retentionMs: read.events.retentionMs, maxSizeBytes: read.events.maxSizeBytes },
    api: { ...read.api, host: present.api.host, port: present.api.port },
    admin: { ...present.admin, password: read.admin.password },
    tls: read.tls,
    readiness: read.readiness,
  };
}

/**
 * Credentials and TLS are used by the next connection; where a server is stays. Those of a server elsewhere are not for
 * the present one: it would be given another's password, or be reached with less TLS than it was meant to be.
 */
function databaseInForce(present: DatabaseConfig, { databases }: Config): DatabaseConfig {
  const read = databases.find(({ name }) => name === present.name);
  const isElsewhere = read?.host !== present.host || read.port !== present.port;
  return read === undefined || isElsewhere
    ? present
    : { ...present, user: read.user, password: read.password, tls: read.tls, tlsCa: read.tlsCa };
}

/** A mirror session that has begun read-only can't be told otherwise. */
function mirroringInForce(present: MirroringConfig, { mirrorings }: Config): MirroringConfig {
  const read = mirrorings.find(({ name }) => name === present.name);
  if (read === undefined) return present;
  return { ...read, source: present.source, destination: present.destination, readOnly: present.readOnly };
}

/** A value for comparison and how it is shown. */
type Entries = ReadonlyMap<string, { readonly compared: string; readonly shown: string }>;

function differences(before: Config, after: Config): string[] {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [a, b] = [old.get(key), now.get(key)];
    if (a?.compared === b?.compared) return [];
    // Neither side of a secret is shown, nor whether they look alike.
    return [a?.shown === b?.shown ? key : `${key}: ${a?.shown ?? "not set"} -> ${b?.shown ?? "not set"}`];
  });
}

/** `general.port`, `databases "main".password`: every setting of a configuration under its name. */
function entriesOf(config: Config): Entries {
  const masked = flatDocument(configDocument(config, () => "********"));
  const open = flatDocument(configDocument(config, (secret) => secret));
  const pems = pemsOf(config);
  const compared = (key: string, value: unknown): string => JSON.stringify([value, pems.get(key)]);
  return new Map(
    [...open].map(([key, value]) => [key, { compared: compared(key, value), shown: shownOf(masked, key) }]),
  );
}

/** What the files hold: a certificate that was renewed has the same name. */
function pemsOf({ tls, databases }: Config): ReadonlyMap<string, string | undefined> {
  return new Map([
    ["tls.certificate", tls.certificate?.pem],
    ["tls.private_key", tls.privateKey?.pem],
    ...databases.map(({ name, tlsCa }) => [`databases ${JSON.stringify(name)}.tls_ca`, tlsCa?.pem] as const),
  ]);
}

const shownOf = (values: ReadonlyMap<string, unknown>, key: string): string => shownValue(values.get(key));
