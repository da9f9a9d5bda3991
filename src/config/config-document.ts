// The effective configuration under the names of the file: what `check` prints, and what its hash is taken of.

import type { Config, DatabaseConfig, MirroringConfig } from "./config.ts";
import { formatDuration } from "./duration.ts";
import { formatSize } from "./size.ts";

export type ConfigDocument = Record<string, Record<string, unknown> | Record<string, unknown>[]>;

/** What stands for a secret that is set; undefined leaves it out. */
export type SecretShown = (secret: string) => string | undefined;

/** The document, tables in the order of the example file. What is not set is left out. */
export function configDocument(config: Config, shown: SecretShown): ConfigDocument {
  const { events, api, admin, tls } = config;
  const secret = (value: string | null): string | null => (value === null ? null : (shown(value) ?? null));
  return {
    general: given(generalDocument(config)),
    databases: config.databases.map((database) => given(databaseDocument(database, secret))),
    mirroring: config.mirrorings.map((mirroring) => given(mirroringDocument(mirroring))),
    users: config.users.map((user) =>
      given({
        name: user.name,
        password: secret(user.password),
        scram_verifier: secret(user.scramVerifier),
        databases: user.databases,
      }),
    ),
    events: {
      path: events.path,
      retention: formatDuration(events.retentionMs),
      max_size: formatSize(events.maxSizeBytes),
      synchronous: events.synchronous,
      flush_ms: events.flushMs,
    },
    api: given({
      host: api.host,
      port: api.port,
      token: secret(api.token),
      open_reads: api.openReads,
      allowed_hosts: api.allowedHosts,
      metrics_prefix: api.metricsPrefix,
      metrics_flat_names: api.metricsFlatNames,
    }),
    admin: given({ host: admin.host, port: admin.port, password: secret(admin.password) }),
    tls: given({
      certificate: tls.certificate?.path ?? null,
      private_key: tls.privateKey?.path ?? null,
      required: tls.required,
    }),
    readiness: readinessDocument(config),
  };
}

function generalDocument({ general, readiness }: Config): Record<string, unknown> {
  const { mirroringDefaults } = general;
  return {
    host: general.host,
    port: general.port,
    threads: general.threads,
    auth: general.auth,
    max_connections: general.maxConnections,
    login_timeout_ms: general.loginTimeoutMs,
    shutdown_timeout_ms: general.shutdownTimeoutMs,
    max_message_bytes: formatSize(general.maxMessageBytes),
    mirror_queue: mirroringDefaults.queueLength,
    mirror_queue_bytes: formatSize(general.mirrorQueueBytes),
    mirror_exposure: mirroringDefaults.exposure,
    mirror_exposure_unit: mirroringDefaults.exposureUnit,
    mirror_level: mirroringDefaults.level,
    mirror_compare: mirroringDefaults.compare,
    mirror_read_only: mirroringDefaults.readOnly,
    mirror_connections: mirroringDefaults.connections,
    mirror_timeout_ms: mirroringDefaults.timeoutMs,
    mirror_metrics_enabled: general.mirrorMetricsEnabled,
    mirror_error_threshold: general.mirrorErrorThreshold,
    mirror_latency_threshold_ms: general.mirrorLatencyThresholdMs,
    mirror_metrics_reset_interval: general.mirrorMetricsResetIntervalS,
    mirror_max_error_rate: readiness.maxErrorRate ?? "off",
    mirror_consecutive_success: readiness.consecutiveSuccess ?? "off",
    mirror_max_latency_ms: readiness.maxLatencyMs ?? "off",
    mirror_p99_rule: readiness.p99Rule,
    mirror_min_runtime_hours: readiness.minRuntimeHours ?? "off",
    mirror_min_requests: readiness.minRequests ?? "off",
  };
}

function databaseDocument(database: DatabaseConfig, secret: (value: string | null) => string | null) {
  return {
    name: database.name,
    host: database.host,
    port: database.port,
    database_name: database.databaseName,
    user: database.user,
    password: secret(database.password),
    tls: database.tls,
    tls_ca: database.tlsCa?.path ?? null,
  };
}

function mirroringDocument(mirroring: MirroringConfig): Record<string, unknown> {
  return {
    source_db: mirroring.source,
    destination_db: mirroring.destination,
    name: mirroring.name,
    queue_length: mirroring.queueLength,
    exposure: mirroring.exposure,
    exposure_unit: mirroring.exposureUnit,
    level: mirroring.level,
    compare: mirroring.compare,
    read_only: mirroring.readOnly,
    include_users: mirroring.users.include,
    exclude_users: mirroring.users.exclude,
    include_databases: mirroring.databases.include,
    exclude_databases: mirroring.databases.exclude,
    include_applications: mirroring.applications.include,
    exclude_applications: mirroring.applications.exclude,
    include_statements: mirroring.statements.include,
    exclude_statements: mirroring.statements.exclude,
    connections: mirroring.connections,
    timeout_ms: mirroring.timeoutMs,
  };
}

function readinessDocument({ readiness }: Config): Record<string, unknown> {
  return {
    max_divergence_rate: readiness.maxDivergenceRate ?? "off",
    max_drop_rate: readiness.maxDropRate ?? "off",
    min_observed: readiness.minObserved ?? "off",
    max_latency_ratio: readiness.maxLatencyRatio ?? "off",
    min_exposure: readiness.minExposure ?? "off",
    expires_after: readiness.expiresAfterMs === null ? "off" : formatDuration(readiness.expiresAfterMs),
    windows: readiness.windows,
  };
}

/** TOML has no null: what is not set is not written. */
function given(table: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== null));
}
