// The effective configuration: every default applied, every secret read, every reference checked. Units are in the
// names. It crosses into the threads by structured clone, so it holds plain data only.

import type { PemFile } from "./pem-file.ts";

export type Level = "all" | "reads" | "dml" | "ddl";
export type Compare = "off" | "rows" | "content";
type ExposureUnit = "transaction" | "session";
type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** One `[[databases]]` entry: a server and how to enter it. */
export interface DatabaseConfig {
  /** What clients ask for; `*` is any database that has no entry of its own. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Null: the database that the client asked for. */
  readonly databaseName: string | null;
  /** Null: the client's. */
  readonly user: string | null;
  readonly password: string | null;
  readonly tls: TlsMode;
  /** Whom to trust instead of the well-known authorities. */
  readonly tlsCa: PemFile | null;
}

export interface NameFilter {
  /** Empty: everything is included. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** One `[[mirroring]]` entry with the defaults of `[general]` filled in. */
export interface MirroringConfig {
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  /** Requests that may wait per session. */
  readonly queueLength: number;
  /** 0.0 to 1.0 */
  readonly exposure: number;
  readonly exposureUnit: ExposureUnit;
  readonly level: Level;
  readonly compare: Compare;
  readonly readOnly: boolean;
  readonly users: NameFilter;
  readonly databases: NameFilter;
  readonly applications: NameFilter;
  /** Regular expressions over the normalised statement. */
  readonly statements: NameFilter;
  /** Mirror connections at most, over all sessions and threads. */
  readonly connections: number;
  readonly timeoutMs: number;
}

/** What `[general]` says for each `[[mirroring]]` that doesn't say it itself; already filled into them. */
export type MirroringDefaults = Pick<
  MirroringConfig,
  "queueLength" | "exposure" | "exposureUnit" | "level" | "compare" | "readOnly" | "connections" | "timeoutMs"
>;

export interface UserConfig {
  readonly name: string;
  readonly password: string | null;
  readonly scramVerifier: string | null;
  /** Empty: every database. */
  readonly databases: readonly string[];
}

export interface GeneralConfig {
  readonly host: string;
  readonly port: number;
  /** Proxy threads, `auto` resolved. */
  readonly threads: number;
  readonly auth: "passthrough" | "userlist";
  readonly maxConnections: number;
  readonly loginTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** Frames longer than this are refused with 08P01. */
  readonly maxMessageBytes: number;
  readonly mirroringDefaults: MirroringDefaults;
  /** Bytes that may wait for mirrors, over all sessions. */
  readonly mirrorQueueBytes: number;
  /** False: mirrors, but records nothing. */
  readonly mirrorMetricsEnabled: boolean;
  /** Consecutive errors after which a mirroring is unhealthy. */
  readonly mirrorErrorThreshold: number;
  /** Mean mirror latency of the last minute above which it is unhealthy too. */
  readonly mirrorLatencyThresholdMs: number;
  /** Seconds; 0 = never. */
  readonly mirrorMetricsResetIntervalS: number;
}

interface EventsConfig {
  readonly path: string;
  readonly retentionMs: number;
  readonly maxSizeBytes: number;
  readonly synchronous: "off" | "normal" | "full";
  readonly flushMs: number;
}

export interface ApiConfig {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly openReads: boolean;
  /** Empty: loopback names and the configured host. */
  readonly allowedHosts: readonly string[];
  readonly metricsPrefix: string;
  readonly metricsFlatNames: boolean;
}

interface AdminConfig {
  readonly host: string;
  readonly port: number;
  readonly password: string | null;
}

/** What clients are shown; both files or none. */
export interface TlsConfig {
  readonly certificate: PemFile | null;
  readonly privateKey: PemFile | null;
  readonly required: boolean;
}

/** The thresholds that readiness is judged by; null is `"off"`. */
export interface ReadinessConfig {
  readonly maxErrorRate: number | null;
  readonly consecutiveSuccess: number | null;
  readonly maxLatencyMs: number | null;
  readonly p99Rule: "warn" | "fail" | "off";
  readonly minRuntimeHours: number | null;
  readonly minRequests: number | null;
  readonly maxDivergenceRate: number | null;
  readonly maxDropRate: number | null;
  readonly minObserved: number | null;
  readonly maxLatencyRatio: number | null;
  readonly minExposure: number | null;
  readonly expiresAfterMs: number | null;
  readonly windows: readonly string[];
}

export interface Config {
  /** The file it was read from, or null (demo). */
  readonly file: string | null;
  /** Every file that a secret of it was read from, or that is one, by its absolute path. */
  readonly secretFiles: readonly string[];
  readonly general: GeneralConfig;
  readonly databases: readonly DatabaseConfig[];
  readonly mirrorings: readonly MirroringConfig[];
  readonly users: readonly UserConfig[];
  readonly events: EventsConfig;
  readonly api: ApiConfig;
  readonly admin: AdminConfig;
  readonly tls: TlsConfig;
  readonly readiness: ReadinessConfig;
}
