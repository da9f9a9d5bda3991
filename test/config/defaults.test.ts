import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { autoThreads } from "../../src/config/threads.ts";
import { BASE, ConfigFolder } from "./config-folder.ts";

test("what nobody says has the default of the specification", () => {
  using folder = new ConfigFolder();
  const config = folder.load(BASE);
  expect(config).toEqual({
    file: join(folder.path, "pgsoak.toml"),
    secretFiles: [],
    general: {
      host: "127.0.0.1",
      port: 6432,
      threads: autoThreads(process.platform, availableParallelism()),
      auth: "passthrough",
      maxConnections: 1000,
      loginTimeoutMs: 60_000,
      shutdownTimeoutMs: 30_000,
      maxMessageBytes: 2 ** 30,
      mirroringDefaults: {
        queueLength: 100,
        exposure: 1,
        exposureUnit: "transaction",
        level: "all",
        compare: "rows",
        readOnly: false,
        connections: 100,
        timeoutMs: 5000,
      },
      mirrorQueueBytes: 64 * 2 ** 20,
      mirrorMetricsEnabled: true,
      mirrorErrorThreshold: 100,
      mirrorLatencyThresholdMs: 5000,
      mirrorMetricsResetIntervalS: 0,
    },
    databases: [
      { name: "app", host: "db1" },
      { name: "candidate", host: "db2" },
    ].map((entry) => ({
      ...entry,
      port: 5432,
      databaseName: null,
      user: null,
      password: null,
      tls: "prefer",
      tlsCa: null,
    })),
    mirrorings: [
      {
        name: "candidate",
        source: "app",
        destination: "candidate",
        queueLength: 100,
        exposure: 1,
        exposureUnit: "transaction",
        level: "all",
        compare: "rows",
        readOnly: false,
        users: { include: [], exclude: [] },
        databases: { include: [], exclude: [] },
        applications: { include: [], exclude: [] },
        statements: { include: [], exclude: [] },
        connections: 100,
        timeoutMs: 5000,
      },
    ],
    users: [],
    events: {
      path: join(folder.path, "pgsoak.db"),
      retentionMs: 30 * 86_400_000,
      maxSizeBytes: 20e9,
      synchronous: "normal",
      flushMs: 50,
    },
    api: {
      host: "127.0.0.1",
      port: 9090,
      token: null,
      openReads: false,
      allowedHosts: [],
      metricsPrefix: "pgsoak",
      metricsFlatNames: true,
    },
    admin: { host: "127.0.0.1", port: 6433, password: null },
    tls: { certificate: null, privateKey: null, required: false },
    readiness: {
      maxErrorRate: 0.01,
      consecutiveSuccess: 10_000,
      maxLatencyMs: 1000,
      p99Rule: "warn",
      minRuntimeHours: 24,
      minRequests: 100_000,
      maxDivergenceRate: 0.001,
      maxDropRate: 0.01,
      minObserved: 0.95,
      maxLatencyRatio: 1.5,
      minExposure: 1,
      expiresAfterMs: 86_400_000,
      windows: ["24h", "all"],
    },
  });
});

test("the mirror settings of [general] are the defaults of each mirroring, which may say otherwise", () => {
  using folder = new ConfigFolder();
  const general = `[general]
mirror_queue = 7
mirror_exposure = 0.5
mirror_exposure_unit = "session"
mirror_level = "reads"
mirror_compare = "content"
mirror_read_only = true
mirror_connections = 8
mirror_timeout_ms = 9
`;
  const own = `[[mirroring]]
name = "own"
source_db = "app"
destination_db = "third"
queue_length = 1
exposure = 0
exposure_unit = "transaction"
level = "ddl"
compare = "off"
read_only = false
connections = 2
timeout_ms = 3
`;
  const { mirrorings } = folder.load(`${BASE}[[databases]]\nname = "third"\nhost = "db3"\n${own}${general}`);
  expect(mirrorings[0]).toMatchObject({
    queueLength: 7,
    exposure: 0.5,
    exposureUnit: "session",
    level: "reads",
    compare: "content",
    readOnly: true,
    connections: 8,
    timeoutMs: 9,
  });
  expect(mirrorings[1]).toMatchObject({
    name: "own",
    queueLength: 1,
    exposure: 0,
    exposureUnit: "transaction",
    level: "ddl",
    compare: "off",
    readOnly: false,
    connections: 2,
    timeoutMs: 3,
  });
});

test('each threshold of readiness can be "off"', () => {
  using folder = new ConfigFolder();
  const toml = `${BASE}[general]
mirror_max_error_rate = "off"
mirror_consecutive_success = "off"
mirror_max_latency_ms = "off"
mirror_p99_rule = "off"
mirror_min_runtime_hours = "off"
mirror_min_requests = "off"
[readiness]
max_divergence_rate = "off"
max_drop_rate = "off"
min_observed = "off"
max_latency_ratio = "off"
min_exposure = "off"
expires_after = "off"
windows = ["7d"]
`;
  const { p99Rule, windows, ...thresholds } = folder.load(toml).readiness;
  expect(new Set(Object.values(thresholds))).toEqual(new Set([null]));
  expect(p99Rule).toBe("off");
  expect(windows).toEqual(["7d"]);
});

test("mirror_failure_threshold is another name of mirror_error_threshold", () => {
  using folder = new ConfigFolder();
  expect(folder.load(`${BASE}[general]\nmirror_failure_threshold = 7`).general.mirrorErrorThreshold).toBe(7);
});

test("relative paths start at the directory of the file, wherever the process runs", () => {
  const config = parseConfig(`${BASE}[events]\npath = "logs/soak.db"`, {
    file: "/etc/pgsoak/pgsoak.toml",
    env: {},
    cwd: "/tmp",
  });
  expect(config.events.path).toBe("/etc/pgsoak/logs/soak.db");
  expect(parseConfig(BASE, { file: null, env: {}, cwd: "/tmp" }).events.path).toBe("/tmp/pgsoak.db");
});

test("port 0 is let through to those who may listen anywhere", () => {
  const toml = `${BASE}[general]\nport = 0\n[api]\nport = 0\n[admin]\nport = 0`;
  const { general, api, admin } = parseConfig(toml, { file: null, env: {}, allowPortZero: true });
  expect([general.port, api.port, admin.port]).toEqual([0, 0, 0]);
});

test("a mirror may share its primary's address when it is another database for certain", () => {
  using folder = new ConfigFolder();
  const toml = BASE.replace('"db1"', '"localhost"\ndatabase_name = "v1"').replace('"db2"', '"localhost"');
  expect(folder.mistakes(toml)).toEqual([]);
});

test("automatic threads leave one processor free, are at most 64, and one where the system isn't Linux", () => {
  expect(autoThreads("linux", 1)).toBe(1);
  expect(autoThreads("linux", 8)).toBe(7);
  expect(autoThreads("linux", 256)).toBe(64);
  expect(autoThreads("darwin", 8)).toBe(1);
  expect(autoThreads("win32", 8)).toBe(1);
});
