// The metrics of the process and of its mirrorings as they are now, and of the log as a whole.

import { OBSERVATION_STATES } from "../events/event.ts";
import type { LogTotals } from "../projections/read-log-totals.ts";
import { type LiveMirroring, type LiveStatus, UNANSWERED } from "./live-status.ts";
import type { MetricFamily, MetricSample, MetricType } from "./metrics-text.ts";

/** The states that a mirroring can be in; the others are only ever a change. */
const STATES = OBSERVATION_STATES.filter((state) => state !== "resumed" && state !== "recovered");

export interface LiveMetricsSource {
  readonly live: LiveStatus;
  /** Whether outcomes reach the log: the configuration wants it and nothing is broken. */
  readonly isRecording: boolean;
  /** When the process began, seconds since the Unix epoch. */
  readonly startedS: number;
  /** Of pgsoak. */
  readonly version: string;
  /** Logins to the dashboard with a wrong token, since the start. */
  readonly refusedDashboardLogins: number;
  /** Null while it can't be read. */
  readonly log: LogTotals | null;
}

/** The families of the moment; `prefix` is metrics_prefix. */
export function liveMetrics(prefix: string, source: LiveMetricsSource): MetricFamily[] {
  const { live, isRecording, startedS, version, refusedDashboardLogins, log } = source;
  const mirrorings = live.mirrorings();
  const refusals = live.refusals();
  const rebuilding = live.rebuilding();
  const { unanswered } = live.reading();
  const family = (name: string, type: MetricType, help: string, samples: MetricSample[]): MetricFamily => ({
    name: `${prefix}_${name}`,
    type,
    help,
    samples,
  });
  const single = (name: string, type: MetricType, help: string, value: number) =>
    family(name, type, help, [{ labels: {}, value }]);
  /** Without a sample where the value is not known. */
  const known = (name: string, type: MetricType, help: string, value: number | undefined) =>
    family(name, type, help, value === undefined ? [] : [{ labels: {}, value }]);
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
    {
      ...perMirroring(
        "mirror_login_refusals_total",
        "Logins since the start that the mirror refused, or that pgsoak has no password for.",
        ({ refusedLogins }) => refusedLogins,
      ),
      type: "counter",
    },
    perMirroring(
      "mirror_sessions_incomplete",
      "Sessions that lack something on the mirror which nothing can bring back.",
      ({ incompleteSessions }) => incompleteSessions,
    ),
    {
      ...perMirroring(
        "mirror_sessions_lost_total",
        "Sessions that a defect has cost this mirroring since the start: their clients went on without it.",
        ({ lostSessions }) => lostSessions,
      ),
      type: "counter",
    },
    perMirroring("mirror_observing", "1 while the mirroring gathers evidence, else 0.", (mirroring) =>
      Number(isObserving(mirroring)),
    ),
    family(
      "mirror_state",
      "gauge",
      "1 for the state that the mirroring is in, else 0.",
      mirrorings.flatMap(({ mirroring, state: present }) =>
        STATES.map((state) => ({ labels: { cluster: mirroring, state }, value: Number(state === present) })),
      ),
    ),
    perMirroring(
      "mirror_healthy",
      "0 from mirror_error_threshold consecutive errors until the next success, or while it is too slow; else 1.",
      ({ healthy }) => Number(healthy),
    ),
    single("recording", "gauge", "1 while outcomes reach the event log, else 0.", Number(isRecording)),
    known("events_appended_total", "counter", "Events in the log since it began.", log?.appended),
    known(
      "events_unrecorded_total",
      "counter",
      "Requests that were seen but lost to the log, as far as their number is known.",
      log?.stats?.unrecorded,
    ),
    known("event_log_bytes", "gauge", "Size of the log on disk in bytes.", log?.bytes),
    single(
      "event_log_readable",
      "gauge",
      "1 when the log could be read for this scrape; at 0 what comes from the log is absent.",
      Number(log !== null),
    ),
    family(
      "event_log_unanswered_total",
      "counter",
      "Questions about the log that got no answer since the start, by reason.",
      UNANSWERED.map((reason) => ({ labels: { reason }, value: unanswered[reason] })),
    ),
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
    family(
      "client_login_failures_total",
      "counter",
      'Logins since the start that failed under auth = "userlist", by reason.',
      Object.entries(live.loginFailures()).map(([reason, value]) => ({ labels: { reason }, value })),
    ),
    single("start_time_seconds", "gauge", "When the process began, seconds since the Unix epoch.", startedS),
    single(
      "sessions_unwatched_total",
      "counter",
      "Sessions that could not be followed any more, because of a defect, and went on unmirrored, since the start.",
      live.unwatchedSessions(),
    ),
    single(
      "dashboard_refused_logins_total",
      "counter",
      "Logins to the dashboard with a wrong token since the start.",
      refusedDashboardLogins,
    ),
    family("build_info", "gauge", "Always 1; the version is in the label.", [{ labels: { version }, value: 1 }]),
  ];
}
