// Builds the effective configuration out of the checked tables: defaults of [general] filled into each mirroring,
// secrets read, relative paths resolved.

import { resolve } from "node:path";
import type { Config, DatabaseConfig, ReadinessConfig, UserConfig } from "./config.ts";
import { generalConfig } from "./general-config.ts";
import { mirroringConfig } from "./mirroring-config.ts";
import type { Mistakes } from "./mistakes.ts";
import { readPemFile } from "./pem-file.ts";
import { readTable, readTables, type Values } from "./read-table.ts";
import { ADMIN, API, DATABASES, EVENTS, GENERAL, MIRRORING, READINESS, TLS, USERS } from "./schema.ts";
import { readSecret } from "./secret-file.ts";
import type { Table } from "./table.ts";

export interface ConfigOrigin {
  /** The file that was read, or null. */
  readonly file: string | null;
  /** Where relative paths start. */
  readonly directory: string;
  /** The files that hold its secrets. */
  readonly secretFiles: readonly string[];
}

/** The configuration; where a value was wrong, `mistakes` says so and a stand-in is in its place. */
export function effectiveConfig(document: Table, origin: ConfigOrigin, mistakes: Mistakes): Config {
  const { file, directory, secretFiles } = origin;
  const general = readTable(document, "general", GENERAL, mistakes);
  const databases = readTables(document, "databases", DATABASES, mistakes);
  const mirrorings = readTables(document, "mirroring", MIRRORING, mistakes);
  const users = readTables(document, "users", USERS, mistakes);
  const events = readTable(document, "events", EVENTS, mistakes);
  const api = readTable(document, "api", API, mistakes);
  const admin = readTable(document, "admin", ADMIN, mistakes);
  const tls = readTable(document, "tls", TLS, mistakes);
  const readiness = readTable(document, "readiness", READINESS, mistakes);
  const effectiveGeneral = generalConfig(general, mistakes);
  const pem = (name: string | null, ...at: (string | number)[]) => readPemFile(name, at, directory, mistakes);
  const password = (given: { password: string | null; password_file: string | null }, ...at: (string | number)[]) =>
    readSecret({ value: given.password, file: given.password_file }, [...at, "password"], directory, mistakes);

  return {
    file,
    secretFiles,
    general: effectiveGeneral,
    databases: databases.map((database, index): DatabaseConfig => ({
      name: database.name,
      host: database.host,
      port: database.port,
      databaseName: database.database_name,
      user: database.user,
      password: password(database, "databases", index),
      tls: database.tls,
      tlsCa: pem(database.tls_ca, "databases", index, "tls_ca"),
    })),
    mirrorings: mirrorings.map((mirroring) => mirroringConfig(mirroring, effectiveGeneral.mirroringDefaults)),
    users: users.map((user, index): UserConfig => ({
      name: user.name,
      password: password(user, "users", index),
      scramVerifier: user.scram_verifier,
      databases: user.databases,
    })),
    events: {
      path: resolve(directory, events.path),
      retentionMs: events.retention,
      maxSizeBytes: events.max_size,
      synchronous: events.synchronous,
      flushMs: events.flush_ms,
    },
    api: {
      host: api.host,
      port: api.port,
      token: readSecret({ value: api.token, file: api.token_file }, ["api", "token"], directory, mistakes),
      openReads: api.open_reads,
      allowedHosts: api.allowed_hosts,
      metricsPrefix: api.metrics_prefix,
      metricsFlatNames: api.metrics_flat_names,
    },
    admin: { host: admin.host, port: admin.port, password: password(admin, "admin") },
    tls: {
      certificate: pem(tls.certificate, "tls", "certificate"),
      privateKey: pem(tls.private_key, "tls", "private_key"),
      required: tls.required,
    },
    readiness: readinessConfig(general, readiness),
  };
}

function readinessConfig(general: Values<typeof GENERAL>, readiness: Values<typeof READINESS>): ReadinessConfig {
  return {
    maxErrorRate: general.mirror_max_error_rate,
    consecutiveSuccess: general.mirror_consecutive_success,
    maxLatencyMs: general.mirror_max_latency_ms,
    p99Rule: general.mirror_p99_rule,
    minRuntimeHours: general.mirror_min_runtime_hours,
    minRequests: general.mirror_min_requests,
    maxDivergenceRate: readiness.max_divergence_rate,
    maxDropRate: readiness.max_drop_rate,
    minObserved: readiness.min_observed,
    maxLatencyRatio: readiness.max_latency_ratio,
    minExposure: readiness.min_exposure,
    expiresAfterMs: readiness.expires_after,
    windows: readiness.windows,
  };
}
