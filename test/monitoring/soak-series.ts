// The series of an imagined soak, a sample a minute, in promtool's notation: a healthy one, which a scenario changes in
// places. `a+bxn` is a, a+b … a+n×b; `axn` is n+1 times a; `_xn` is n times nothing.

/** Values by series; the labels that all of them share are left out. Null: there is no such series. */
export type SoakSeries = Readonly<Record<string, string | null>>;

const MINUTES = 600;
const BOUNDS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 1, 2.5];
/** A value that never changes. */
const always = (value: number): string => `${value}x${MINUTES}`;
/** A counter with that many more each minute. */
const counting = (each: number): string => `0+${each}x${MINUTES}`;

/** A histogram whose requests all fall into the bucket that ends at `bound`, so many more each minute. */
export function latency(name: string, each: number, meanS: number, bound: number): SoakSeries {
  const buckets = BOUNDS_S.map((le) => [`${name}_bucket{le="${le}"}`, le < bound ? always(0) : counting(each)]);
  return {
    ...Object.fromEntries(buckets),
    [`${name}_bucket{le="+Inf"}`]: counting(each),
    [`${name}_sum`]: counting(each * meanS),
    [`${name}_count`]: counting(each),
  };
}

/** Two requests a second for ten hours; one in 500 fails, one in 3000 differs. It is READY after two hours. */
export const HEALTHY: SoakSeries = {
  up: always(1),
  pgsoak_start_time_seconds: always(1_700_000_000),
  pgsoak_recording: always(1),
  pgsoak_event_log_damaged: always(0),
  pgsoak_event_log_readable: always(1),
  pgsoak_events_unrecorded_total: always(0),
  'pgsoak_client_refusals_total{limit="max_connections"}': always(0),
  pgsoak_mirror_observing: always(1),
  pgsoak_mirror_healthy: always(1),
  'pgsoak_mirror_state{state="observing"}': always(1),
  'pgsoak_mirror_state{state="paused"}': always(0),
  'pgsoak_mirror_state{state="mirror_down"}': always(0),
  pgsoak_mirror_unaccounted_requests: always(0),
  pgsoak_mirror_selected_total: counting(120),
  'pgsoak_mirror_requests_total{status="skipped"}': counting(10),
  'pgsoak_mirror_requests_total{status="mirrored"}': counting(119.76),
  'pgsoak_mirror_requests_total{status="errored"}': counting(0.24),
  'pgsoak_mirror_requests_total{status="dropped"}': always(0),
  'pgsoak_mirror_divergences_total{parity="different_rows"}': counting(0.04),
  'pgsoak_mirror_divergences_total{parity="different_error"}': always(0),
  ...latency("pgsoak_mirror_latency_seconds", 120, 0.002, 0.0025),
  ...latency("pgsoak_primary_latency_seconds", 120, 0.002, 0.0025),
  ...latency("pgsoak_mirror_queue_wait_seconds", 120, 0.0004, 0.0005),
  'pgsoak_readiness_verdict{verdict="READY"}': "0x119 1x480",
  'pgsoak_readiness_verdict{verdict="INCONCLUSIVE"}': "1x119 0x480",
  'pgsoak_readiness_verdict{verdict="NOT_READY"}': always(0),
};

/** What only some series carry beside job and instance. */
function labelsOf(name: string): string {
  const shared = 'job="pgsoak",instance="soak:9090"';
  if (name.startsWith("pgsoak_readiness")) return `${shared},cluster="candidate",window="24h"`;
  if (/_mirror_(observing|healthy|state)/.test(name)) return `${shared},cluster="candidate"`;
  return /_mirror_|_primary_/.test(name) ? `${shared},cluster="candidate",database="app"` : shared;
}

/** `input_series` of a promtool test. */
export function inputSeries(series: SoakSeries): { series: string; values: string }[] {
  return Object.entries(series).flatMap(([key, values]) => {
    const [, name = "", own] = /^(\w+)(?:\{(.+)\})?$/.exec(key) ?? [];
    const labels = [labelsOf(name), own].filter((part) => part !== undefined).join(",");
    return values === null ? [] : [{ series: `${name}{${labels}}`, values }];
  });
}
