// The metrics of the process and of its mirrorings as they are now, and of the log as a whole.

import type { LiveMirroring, LiveStatus } from "./live-status.ts";
import type { MetricFamily, MetricSample, MetricType } from "./metrics-text.ts";

export interface LiveMetricsSource {
  readonly live: LiveStatus;
  /** Requests that the log lost; null while that is being counted anew. */
  readonly unrecorded: number | null;
  /** Of pgsoak. */
  readonly version: string;
  /** Logins to the dashboard with a wrong token, since the start. */
  readonly refusedLogins: number;
  readonly log: {
    /** Events since it began. */
    readonly appended: number;
    /** Its file with the write-ahead log. */
    readonly bytes: number;
  };
}

/** The families of the moment; `prefix` is metrics_prefix. */
export function liveMetrics(
  prefix: string,
  { live, unrecorded, version, log, refusedLogins }: LiveMetricsSource,
): MetricFamily[] {
  const mirrorings = live.mirrorings();
  const refusals = live.refusals();
  const rebuilding = live.rebuilding();
  const isRecording = live.recording().state === "ok";
  const family = (name: string, type: MetricType, help: string, samples: MetricSample[]): MetricFamily => ({
    name: `${prefix}_${name}`,
    type,
    help,
    samples,
  });
  const single = (name: string, type: MetricType, help: string, value: number) =>
    family(name, type, help, [{ labels: {}, value }]);
  const perMirroring = (name: string, help: string, valueOf: (mirroring: LiveMirroring) => number) =>
    family(
      name,
      "gauge",
      help,
      mirrorings.map((mirroring) => ({ labels: { cluster: mirroring.mirroring }, value: valueOf(mirroring) })),
    );
  // As in the observation ledger: a degraded mirror is observed, a mirror whose outcomes aren't recorded is not.
  const isObserving = ({ state }: LiveMirroring): boolean =>
    isRecording && (state === "observing" || state === "degraded");

  return [
    perMirroring("mirror_queue_depth", "Requests that wait in mirror queues.", ({ queueDepth }) => queueDepth),
    perMirroring("mirror_queue_bytes", "Bytes that wait in mirror queues.", ({ queueBytes }) => queueBytes),
    perMirroring("mirror_connections", "Open connections to the mirror.", ({ connections }) => connections),
    perMirroring("mirror_observing", "1 while the mirroring gathers evidence, else 0.", (mirroring) =>
      Number(isObserving(mirroring)),
    ),
    perMirroring(
      "mirror_healthy",
      "0 from mirror_error_threshold consecutive errors until the next success, else 1.",
      ({ healthy }) => Number(healthy),
    ),
    single("events_appended_total", "counter", "Events in the log since it began.", log.appended),
    family(
      "events_unrecorded_total",
      "counter",
      "Requests that were seen but lost to the log, as far as their number is known.",
      unrecorded === null ? [] : [{ labels: {}, value: unrecorded }],
    ),
    single("event_log_bytes", "gauge", "Size of the log on disk in bytes.", log.bytes),
    single(
      "projection_lag_events",
      "gauge",
      "Events that a projection which is rebuilt has still to fold.",
      rebuilding === null ? 0 : rebuilding.of - rebuilding.done,
    ),
    single(
      "event_log_damaged",
      "gauge",
      "1 when the check after the start found the event log damaged, else 0.",
      Number(live.logCheck().state === "damaged"),
    ),
    single("client_connections", "gauge", "Open client connections.", live.clientConnections()),
    family("client_refusals_total", "counter", "Clients turned away since the start, by the limit that they passed.", [
      { labels: { limit: "max_connections" }, value: refusals.connections },
      { labels: { limit: "login_timeout" }, value: refusals.logins },
      { labels: { limit: "message_length" }, value: refusals.messages },
    ]),
    single(
      "dashboard_refused_logins_total",
      "counter",
      "Logins to the dashboard with a wrong token since the start.",
      refusedLogins,
    ),
    family("build_info", "gauge", "Always 1; the version is in the label.", [{ labels: { version }, value: 1 }]),
  ];
}
