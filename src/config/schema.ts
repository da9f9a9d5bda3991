// Every table and key of the configuration file with its check and its default. The example file and
// docs/configuration.md say the same; a test compares the three.

import {
  choice,
  decimal,
  duration,
  flag,
  inheriting,
  integer,
  optionalText,
  orOff,
  pattern,
  required,
  scramVerifier,
  secretText,
  size,
  text,
  textList,
  timeoutMs,
  type Setting,
} from "./setting.ts";
import { threadCount } from "./threads.ts";

const GIB = 2 ** 30;
const COUNT_MAX = 1_000_000_000;

const host = (fallback: string) => pattern(/^[A-Za-z0-9_.:%-]+$/, "a host name or an address", fallback);
const serverHost = (fallback: string) =>
  pattern(/^(\/[^\0]*|[A-Za-z0-9_.:%-]+)$/, "a host name, an address or the folder of a Unix socket", fallback);
/** A port to listen on. 0 passes here: whether a free port may be chosen is the caller's decision. */
const listenPort = (fallback: number) => ({ ...integer(0, 65_535, fallback), expected: PORT_EXPECTED });
export const PORT_EXPECTED = "an integer from 1 to 65535";

const connections = integer(1, 1_000_000, 100);
const queueLength = integer(1, 1_000_000, 100);
const exposure = decimal(0, 1, 1);
const exposureUnit = choice(["transaction", "session"], "transaction");
const level = choice(["all", "reads", "dml", "ddl"], "all");
const compare = choice(["off", "rows", "content"], "rows");
const mirrorTimeoutMs = timeoutMs(1, 5000);

export const GENERAL = {
  host: host("127.0.0.1"),
  port: listenPort(6432),
  threads: threadCount(),
  auth: choice(["passthrough", "userlist"], "passthrough"),
  max_connections: integer(1, 1_000_000, 1000),
  login_timeout_ms: timeoutMs(1, 60_000),
  shutdown_timeout_ms: timeoutMs(0, 30_000),
  max_message_bytes: size(1024, 2 * GIB - 1, "1 GiB"),
  mirror_queue: queueLength,
  mirror_queue_bytes: size(1024, 1024 * GIB, "64 MiB"),
  mirror_exposure: exposure,
  mirror_exposure_unit: exposureUnit,
  mirror_level: level,
  mirror_compare: compare,
  mirror_read_only: flag(false),
  mirror_connections: connections,
  mirror_timeout_ms: mirrorTimeoutMs,
  mirror_metrics_enabled: flag(true),
  mirror_error_threshold: integer(1, COUNT_MAX, 100),
  mirror_failure_threshold: inheriting(integer(1, COUNT_MAX, 100), "mirror_error_threshold"),
  mirror_latency_threshold_ms: timeoutMs(1, 5000),
  mirror_metrics_reset_interval: integer(0, COUNT_MAX, 0),
  mirror_max_error_rate: orOff(decimal(0, 1, 0.01)),
  mirror_consecutive_success: orOff(integer(0, COUNT_MAX, 10_000)),
  mirror_max_latency_ms: orOff(decimal(0, COUNT_MAX, 1000)),
  mirror_p99_rule: choice(["warn", "fail", "off"], "warn"),
  mirror_min_runtime_hours: orOff(decimal(0, 1_000_000, 24)),
  mirror_min_requests: orOff(integer(0, COUNT_MAX, 100_000)),
};

export const DATABASES = {
  name: required(text('the database name that clients ask for, or "*"', "")),
  host: required(serverHost("")),
  port: integer(1, 65_535, 5432),
  database_name: optionalText("a database name"),
  user: optionalText("a user name"),
  password: secretText("a password in quotes"),
  password_file: optionalText("a path"),
  tls: choice(["disable", "prefer", "require", "verify-ca", "verify-full"], "prefer"),
  tls_ca: optionalText("a path"),
};

export const MIRRORING = {
  source_db: required(text("the name of a [[databases]] entry", "")),
  destination_db: required(text("the name of a [[databases]] entry", "")),
  name: { ...optionalText("a name"), inherits: "destination_db" },
  queue_length: inheriting(queueLength, "mirror_queue"),
  exposure: inheriting(exposure, "mirror_exposure"),
  exposure_unit: inheriting(exposureUnit, "mirror_exposure_unit"),
  level: inheriting(level, "mirror_level"),
  compare: inheriting(compare, "mirror_compare"),
  read_only: inheriting(flag(false), "mirror_read_only"),
  include_users: textList("a list of user names"),
  exclude_users: textList("a list of user names"),
  include_databases: textList("a list of database names"),
  exclude_databases: textList("a list of database names"),
  include_applications: textList("a list of application names"),
  exclude_applications: textList("a list of application names"),
  include_statements: textList("a list of regular expressions"),
  exclude_statements: textList("a list of regular expressions"),
  connections: inheriting(connections, "mirror_connections"),
  timeout_ms: inheriting(mirrorTimeoutMs, "mirror_timeout_ms"),
};

export const USERS = {
  name: required(text("a user name", "")),
  password: secretText("a password in quotes"),
  password_file: optionalText("a path"),
  scram_verifier: scramVerifier(),
  databases: textList("a list of database names"),
};

export const EVENTS = {
  path: text("a path", "./pgsoak.db"),
  retention: duration("30d"),
  max_size: size(1_048_576, 1_048_576 * GIB, "20 GB"),
  synchronous: choice(["off", "normal", "full"], "normal"),
  flush_ms: integer(1, 1000, 50),
};

export const API = {
  host: host("127.0.0.1"),
  port: listenPort(9090),
  token: secretText("a token in quotes"),
  token_file: optionalText("a path"),
  open_reads: flag(false),
  allowed_hosts: textList("a list of host names"),
  metrics_prefix: pattern(
    /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
    "a Prometheus name prefix (letters, digits, _ and :, no digit first)",
    "pgsoak",
  ),
  metrics_flat_names: flag(true),
};

export const ADMIN = {
  host: host("127.0.0.1"),
  port: listenPort(6433),
  password: secretText("a password in quotes"),
  password_file: optionalText("a path"),
};

export const TLS = {
  certificate: optionalText("a path"),
  private_key: optionalText("a path"),
  required: flag(false),
};

export const READINESS = {
  max_divergence_rate: orOff(decimal(0, 1, 0.001)),
  max_drop_rate: orOff(decimal(0, 1, 0.01)),
  min_observed: orOff(decimal(0, 1, 0.95)),
  max_latency_ratio: orOff(decimal(0.01, 1000, 1.5)),
  min_exposure: orOff(decimal(0, 1, 1)),
  expires_after: orOff(duration("24h")),
  windows: textList('a list of durations such as "24h", or "all"', ["24h", "all"]),
};

export type Settings = Readonly<Record<string, Setting<unknown>>>;

export interface TableSchema {
  readonly name: string;
  /** `[[name]]` rather than `[name]`. */
  readonly isArray: boolean;
  readonly settings: Settings;
}

/** All tables in the order in which people read them. */
export const TABLES: readonly TableSchema[] = [
  { name: "general", isArray: false, settings: GENERAL },
  { name: "databases", isArray: true, settings: DATABASES },
  { name: "mirroring", isArray: true, settings: MIRRORING },
  { name: "users", isArray: true, settings: USERS },
  { name: "events", isArray: false, settings: EVENTS },
  { name: "api", isArray: false, settings: API },
  { name: "admin", isArray: false, settings: ADMIN },
  { name: "tls", isArray: false, settings: TLS },
  { name: "readiness", isArray: false, settings: READINESS },
];
