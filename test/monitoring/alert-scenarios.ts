// What happens to a healthy soak, and which alerts are firing when: none too early, none beside those that are named.

import { latency, type SoakSeries } from "./soak-series.ts";

export interface AlertScenario {
  readonly name: string;
  /** What is different from a healthy soak. */
  readonly series: SoakSeries;
  /** Takes hours: rules are evaluated every five minutes instead of every minute. */
  readonly isLong?: true;
  /** The alerts that fire, no more and no fewer, at a time since the beginning. */
  readonly firing: Readonly<Record<string, readonly string[]>>;
}

/** All series that come from the log's projections, which are absent during a rebuild and before any request. */
const PROJECTED = [
  "pgsoak_mirror_unaccounted_requests",
  "pgsoak_mirror_selected_total",
  ...["skipped", "mirrored", "errored", "dropped"].map((status) => `pgsoak_mirror_requests_total{status="${status}"}`),
  ...["rows", "error"].map((what) => `pgsoak_mirror_divergences_total{parity="different_${what}"}`),
];
const VERDICTS = ["READY", "INCONCLUSIVE", "NOT_READY"].map((name) => `pgsoak_readiness_verdict{verdict="${name}"}`);
const fill = (names: readonly string[], values: string | null): SoakSeries =>
  Object.fromEntries(names.map((name) => [name, values]));

export const ALERT_SCENARIOS: readonly AlertScenario[] = [
  {
    name: "a healthy soak raises nothing, from its first scrape to its verdict and after",
    series: {},
    isLong: true,
    firing: { "0m": [], "10m": [], "1h": [], "2h": [], "2h30m": [], "5h": [] },
  },
  {
    name: "before the first request nothing is raised, and after hours without one it is",
    series: { ...fill(PROJECTED, null) },
    isLong: true,
    firing: { "5h59m": [], "6h": ["PgsoakNothingMirrored"] },
  },
  {
    name: "an idle night raises nothing but that it lasts, and nothing is left of it afterwards",
    series: {
      ...fill(PROJECTED, "0x600"),
      pgsoak_mirror_selected_total: "0+60x60 3600x479 3600+60x300",
      'pgsoak_mirror_requests_total{status="mirrored"}': "0+60x60 3600x479 3600+60x300",
    },
    isLong: true,
    firing: { "3h": [], "7h": [], "8h30m": ["PgsoakNothingMirrored"], "9h10m": [] },
  },
  {
    name: "one failed request in an hour of few raises nothing",
    series: {
      pgsoak_mirror_selected_total: "0+1x300",
      'pgsoak_mirror_requests_total{status="skipped"}': "0x300",
      'pgsoak_mirror_requests_total{status="mirrored"}': "0+1x59 60x1 61+1x200",
      'pgsoak_mirror_requests_total{status="errored"}': "0x60 1x240",
      'pgsoak_mirror_divergences_total{parity="different_rows"}': "0x300",
    },
    firing: { "61m": [], "65m": [], "70m": [], "80m": [] },
  },
  {
    name: "a log that is begun anew takes its counters back to zero, and raises nothing",
    series: {
      pgsoak_mirror_selected_total: "9000+120x60 0+120x60",
      'pgsoak_mirror_requests_total{status="mirrored"}': "8900+119x60 0+119.76x60",
      'pgsoak_mirror_requests_total{status="errored"}': "80+0.2x60 0+0.2x60",
      'pgsoak_mirror_requests_total{status="dropped"}': "20x60 0x60",
      'pgsoak_mirror_divergences_total{parity="different_rows"}': "5x60 0x60",
      pgsoak_events_unrecorded_total: "12x60 0x60",
    },
    firing: { "59m": [], "61m": [], "65m": [], "75m": [] },
  },
  {
    name: "a quick restart raises nothing; a process that does not come back does",
    series: { up: "1x20 0 1x20 0x30", pgsoak_start_time_seconds: "100x20 _ 200x20 _x30" },
    firing: { "21m": [], "25m": [], "42m": [], "44m": ["PgsoakDown"] },
  },
  {
    name: "no target at all is not silence",
    series: { up: "1x10 _x60" },
    firing: { "10m": [], "19m": [], "21m": ["PgsoakNotScraped"] },
  },
  {
    name: "two restarts are somebody's work, three within an hour are not",
    series: { pgsoak_start_time_seconds: "1x10 2x10 3x10 4x100" },
    firing: { "32m": [], "33m": ["PgsoakRestarts"], "75m": [] },
  },
  {
    name: "clients that are turned away are said at once",
    series: { 'pgsoak_client_refusals_total{limit="max_connections"}': "3x20 5x60" },
    firing: { "20m": [], "21m": ["PgsoakClientsRefused"], "27m": [] },
  },
  {
    name: "a log that cannot be written is said after a minute, and what it cost for a quarter of an hour",
    series: {
      pgsoak_recording: "1x30 0x10 1x300",
      pgsoak_mirror_observing: "1x30 0x10 1x300",
      pgsoak_events_unrecorded_total: "0x34 50+50x5 300x300",
    },
    firing: {
      "31m": [],
      "33m": ["PgsoakNotRecording"],
      "41m": ["PgsoakNotRecording", "PgsoakRequestsUnrecorded", "PgsoakObservationGap"],
      "57m": ["PgsoakObservationGap"],
      "101m": [],
    },
  },
  {
    name: "a log that can't be read is said, because nothing else can be",
    series: { pgsoak_event_log_readable: "1x30 0x60 1x300" },
    firing: { "30m": [], "34m": [], "40m": ["PgsoakLogUnreadable"], "100m": [] },
  },
  {
    name: "recording that is switched off is no soak",
    series: { pgsoak_recording: "0x100", pgsoak_mirror_observing: "0x100", ...fill(PROJECTED, null) },
    firing: { "0m": [], "2m": ["PgsoakNotRecording"], "10m": ["PgsoakNotRecording", "PgsoakObservationGap"] },
  },
  {
    name: "a damaged log is said at once",
    series: { pgsoak_event_log_damaged: "0x5 1x60" },
    firing: { "5m": [], "6m": ["PgsoakLogDamaged"] },
  },
  {
    name: "books that do not balance are said in either direction",
    series: { pgsoak_mirror_unaccounted_requests: "0x10 -3x30 0x30" },
    firing: { "10m": [], "11m": [], "12m": ["PgsoakRequestsUnaccounted"], "45m": [] },
  },
  {
    name: "a rebuild silences other alerts, which is said when it takes long",
    series: fill([...PROJECTED, ...VERDICTS], "0x10 _x25 0x10 _x100"),
    firing: { "34m": [], "50m": [], "79m": [], "83m": ["PgsoakVerdictMissing"] },
  },
  {
    name: "a mirror that is down for a minute raises nothing, for longer it does, and then it is a gap",
    series: {
      'pgsoak_mirror_state{state="mirror_down"}': "0x10 1 0x60 1x10 0x200",
      pgsoak_mirror_observing: "1x10 0 1x60 0x10 1x200",
    },
    firing: {
      "13m": [],
      "73m": [],
      "75m": ["PgsoakMirrorDown"],
      "81m": ["PgsoakMirrorDown", "PgsoakObservationGap"],
      "90m": ["PgsoakObservationGap"],
      "145m": [],
    },
  },
  {
    name: "a pause is somebody's work until it is forgotten",
    series: {
      'pgsoak_mirror_state{state="paused"}': "0x10 1x100",
      pgsoak_mirror_observing: "1x10 0x100",
    },
    firing: { "12m": [], "60m": ["PgsoakObservationGap"], "72m": ["PgsoakMirrorPaused", "PgsoakObservationGap"] },
  },
  {
    name: "a mirror that fails at everything is unhealthy, and its errors are above the threshold",
    series: {
      pgsoak_mirror_healthy: "1x10 0x100",
      'pgsoak_mirror_requests_total{status="mirrored"}': "0+120x10 1200x100",
      'pgsoak_mirror_requests_total{status="errored"}': "0x10 0+120x100",
    },
    firing: {
      "11m": [],
      "12m": ["PgsoakMirrorUnhealthy"],
      "23m": ["PgsoakMirrorUnhealthy", "PgsoakMirrorErrors"],
    },
  },
  {
    name: "two errors in a hundred are an alert after ten minutes, and end with their cause",
    series: { 'pgsoak_mirror_requests_total{status="errored"}': "0x10 0+2.4x30 72x60" },
    firing: { "15m": [], "20m": [], "25m": ["PgsoakMirrorErrors"], "47m": [] },
  },
  {
    name: "drops are errors too",
    series: { 'pgsoak_mirror_requests_total{status="dropped"}': "0x10 0+12x30 360x60" },
    firing: { "15m": [], "25m": ["PgsoakMirrorErrors", "PgsoakRequestsDropped"], "47m": [] },
  },
  {
    name: "results that differ are said within minutes",
    series: { 'pgsoak_mirror_divergences_total{parity="different_error"}': "0x30 0+6x30 180x120" },
    firing: { "30m": [], "41m": ["PgsoakDivergences"], "121m": [] },
  },
  {
    name: "a mirror twice as slow is said after half an hour",
    series: latency("pgsoak_mirror_latency_seconds", 120, 0.02, 0.025),
    firing: { "29m": [], "32m": ["PgsoakMirrorSlower"] },
  },
  {
    name: "twice as slow by less than 5 ms, or in a few requests, is no finding",
    series: latency("pgsoak_mirror_latency_seconds", 1, 0.02, 0.025),
    firing: { "50m": [] },
  },
  {
    name: "twice as slow by less than 5 ms is no finding",
    series: latency("pgsoak_mirror_latency_seconds", 120, 0.004, 0.005),
    firing: { "50m": [] },
  },
  {
    name: "a mirror that takes more than a second is said after ten minutes",
    series: {
      ...latency("pgsoak_mirror_latency_seconds", 120, 1.5, 2.5),
      ...latency("pgsoak_primary_latency_seconds", 120, 1.4, 2.5),
    },
    firing: { "10m": [], "12m": ["PgsoakMirrorLatencyHigh"] },
  },
  {
    name: "requests that wait for a second are said before the queue is full",
    series: latency("pgsoak_mirror_queue_wait_seconds", 120, 1.5, 2.5),
    firing: { "10m": [], "12m": ["PgsoakMirrorFallsBehind"] },
  },
  {
    name: "a verdict that is NOT_READY for a moment raises nothing, one that stays does",
    series: {
      'pgsoak_readiness_verdict{verdict="NOT_READY"}': "0x10 1x5 0x20 1x100",
      'pgsoak_readiness_verdict{verdict="INCONCLUSIVE"}': "1x10 0x5 1x20 0x100",
      'pgsoak_readiness_verdict{verdict="READY"}': "0x200",
    },
    firing: { "15m": [], "35m": [], "50m": [], "54m": ["PgsoakNotReady"] },
  },
  {
    name: "a verdict that was READY is missed",
    series: {
      'pgsoak_readiness_verdict{verdict="READY"}': "0x10 1x50 0x100",
      'pgsoak_readiness_verdict{verdict="INCONCLUSIVE"}': "1x10 0x50 1x100",
    },
    firing: { "9m": [], "60m": [], "63m": [], "67m": ["PgsoakNoLongerReady"] },
  },
];
