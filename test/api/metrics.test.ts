import { expect, test } from "vitest";
import { countersReset, runStarted, skipped, tallied } from "../projections/facts.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";
import { AT, MIRRORING, openBusyApi } from "./busy-api.ts";
import { readExposition, valueOf, type ReadFamily, type ReadSample } from "./exposition.ts";

const OPENMETRICS = { headers: { accept: "application/openmetrics-text; version=1.0.0" } };

async function scrape(api: ApiFixture): Promise<ReadFamily[]> {
  return readExposition(await (await api.get("/metrics")).text());
}

const samplesOf = (body: string): ReadSample[] => readExposition(body).flatMap(({ samples }) => samples);

const lane = { cluster: "pg18", database: "app" };

test("the labelled set is exported with its values", async () => {
  await using api = await openBusyApi();
  const families = await scrape(api);
  const value = (name: string, labels: Record<string, string> = {}): number =>
    valueOf(families, `pgsoak_${name}`, labels);
  expect(value("mirror_seen_total", lane)).toBe(22);
  expect(value("mirror_selected_total", lane)).toBe(5);
  expect(value("mirror_in_flight", lane)).toBe(1);
  expect(value("mirror_requests_total", { ...lane, status: "skipped" })).toBe(10);
  expect(value("mirror_requests_total", { ...lane, status: "mirrored" })).toBe(2);
  expect(value("mirror_requests_total", { ...lane, status: "errored" })).toBe(1);
  expect(value("mirror_requests_total", { ...lane, status: "dropped" })).toBe(1);
  expect(value("mirror_failures_total", { ...lane, error_type: "query" })).toBe(1);
  expect(value("mirror_failures_total", { ...lane, error_type: "buffer_full" })).toBe(1);
  expect(value("mirror_failures_total", { ...lane, error_type: "timeout" })).toBe(0);
  expect(value("mirror_divergences_total", { ...lane, parity: "different_rows" })).toBe(1);
  expect(value("mirror_success_rate", lane)).toBe(0.5);
  expect(value("mirror_last_success_timestamp", lane)).toBe(1_700_000_030);
  expect(value("mirror_last_failure_timestamp", lane)).toBe(1_700_000_060);
  expect(value("mirror_unaccounted_requests", lane)).toBe(0);
  expect(value("mirror_queue_depth", { cluster: "pg18" })).toBe(30);
  expect(value("mirror_queue_bytes", { cluster: "pg18" })).toBe(4096);
  expect(value("mirror_connections", { cluster: "pg18" })).toBe(2);
  expect(value("mirror_login_refusals_total", { cluster: "pg18" })).toBe(3);
  expect(value("mirror_sessions_incomplete", { cluster: "pg18" })).toBe(1);
  expect(value("mirror_sessions_lost_total", { cluster: "pg18" })).toBe(2);
  expect(value("sessions_unwatched_total")).toBe(7);
  expect(value("mirror_observing", { cluster: "pg18" })).toBe(1);
  expect(value("mirror_state", { cluster: "pg18", state: "observing" })).toBe(1);
  expect(value("mirror_healthy", { cluster: "pg18" })).toBe(1);
  expect(value("recording")).toBe(1);
  expect(value("events_appended_total")).toBe(12);
  expect(value("events_unrecorded_total")).toBe(7);
  expect(value("event_log_bytes")).toBeGreaterThan(4096);
  expect(value("projection_lag_events")).toBe(0);
  expect(value("client_connections")).toBe(3);
  expect(value("client_refusals_total", { limit: "message_length" })).toBe(6);
  for (const [reason, count] of Object.entries({ password: 7, protocol: 8, database: 9, primary: 10 })) {
    expect(value("client_login_failures_total", { reason })).toBe(count);
  }
  expect(value("start_time_seconds")).toBeCloseTo(Date.now() / 1000 - process.uptime(), -1);
  expect(value("build_info", { version: "1.2.3" })).toBe(1);
});

test("the latency histograms count the mirrored requests, and no bucket less than the one before", async () => {
  await using api = await openBusyApi();
  const families = await scrape(api);
  const value = (name: string, labels: Record<string, string> = {}): number =>
    valueOf(families, `pgsoak_${name}`, { ...lane, ...labels });
  expect(value("mirror_latency_seconds_sum")).toBe(0.006);
  expect(value("mirror_latency_seconds_bucket", { le: "0.0025" })).toBe(1);
  expect(value("mirror_latency_seconds_bucket", { le: "0.005" })).toBe(2);
  for (const name of ["mirror_latency_seconds", "primary_latency_seconds", "mirror_queue_wait_seconds"]) {
    expect(value(`${name}_count`)).toBe(value("mirror_requests_total", { status: "mirrored" }));
    expect(value(`${name}_bucket`, { le: "+Inf" })).toBe(value(`${name}_count`));
    const buckets = families
      .find((family) => family.name === `pgsoak_${name}`)!
      .samples.filter((sample) => sample.name.endsWith("_bucket"));
    const counts = buckets.map((sample) => sample.value);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    const bounds = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])));
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
  }
});

test("the flat set is exported with the names of the source design", async () => {
  await using api = await openBusyApi();
  const families = await scrape(api);
  const flat = families.filter(({ name }) => !name.startsWith("pgsoak_"));
  expect(Object.fromEntries(flat.map(({ name }) => [name, valueOf(families, name)]))).toEqual({
    mirror_requests_total: 22,
    mirror_requests_mirrored: 2,
    mirror_requests_dropped: 1,
    mirror_errors_connection: 0,
    mirror_errors_query: 1,
    mirror_errors_timeout: 0,
    mirror_errors_buffer_full: 1,
    mirror_errors_total: 2,
    mirror_latency_avg_ms: 3,
    mirror_latency_max_ms: 4,
    mirror_consecutive_errors: 2,
    mirror_last_success_seconds_ago: 60,
    mirror_buffer_utilization: 15,
    mirror_database_requests: 22,
    mirror_database_errors: 2,
    mirror_database_latency_ms: 3,
  });
  expect(valueOf(families, "mirror_database_requests", { database: "app" })).toBe(22);
});

test("metrics_flat_names = false leaves the flat set out, metrics_prefix renames the other", async () => {
  await using api = await openBusyApi({ api: 'metrics_flat_names = false\nmetrics_prefix = "soak"' });
  const names = (await scrape(api)).map(({ name }) => name);
  expect(names.filter((name) => !name.startsWith("soak_"))).toEqual([]);
  expect(names).toContain("soak_mirror_seen_total");
});

test("both formats have the same samples", async () => {
  await using api = await openBusyApi();
  const text = await api.get("/metrics");
  const open = await api.get("/metrics", OPENMETRICS);
  expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(open.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(open.headers.get("vary")).toBe("Accept");

  const [textBody, openBody] = [await text.text(), await open.text()];
  expect(openBody.endsWith("\n# EOF\n")).toBe(true);
  expect(samplesOf(openBody)).toEqual(samplesOf(textBody));
});

test("a reset starts the flat set anew, and no labelled counter goes back", async () => {
  await using api = await openBusyApi();
  const before = await scrape(api);
  api.events.appendBatch([countersReset(AT + 70_000_000)]);
  const after = await scrape(api);

  expect(valueOf(after, "mirror_requests_total")).toBe(1);
  expect(valueOf(after, "mirror_errors_total")).toBe(0);
  for (const family of before.filter(
    ({ name, type }) => name.startsWith("pgsoak_") && /^(counter|histogram)$/.test(type),
  )) {
    for (const { name, labels, value } of family.samples) {
      expect(valueOf(after, name, labels)).toBeGreaterThanOrEqual(value);
    }
  }
  expect(valueOf(after, "pgsoak_mirror_unaccounted_requests", lane)).toBe(0);
});

test("before the first success the age counts from the beginning of the log", async () => {
  await using api = await openApi({ nowUs: AT + 12_500_000 });
  expect(valueOf(await scrape(api), "mirror_last_success_seconds_ago")).toBe(0);
  api.events.appendBatch([runStarted(AT)]);
  expect(valueOf(await scrape(api), "mirror_last_success_seconds_ago")).toBe(12.5);
});

test("without an outcome there is no success rate and no timestamp", async () => {
  await using api = await openApi();
  const id = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([skipped(AT, 1, { lane: id }), tallied(AT, 1, { lane: id })]);
  const families = await scrape(api);
  for (const name of ["success_rate", "last_success_timestamp", "last_failure_timestamp"]) {
    expect(families.find((family) => family.name === `pgsoak_mirror_${name}`)?.samples).toEqual([]);
  }
});

test("a lane whose books don't balance shows its residue", async () => {
  await using api = await openApi();
  const id = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([tallied(AT, 3, { lane: id })]);
  expect(valueOf(await scrape(api), "pgsoak_mirror_unaccounted_requests", lane)).toBe(3);
});

test.each([
  ["observing", "ok", 1],
  ["degraded", "ok", 1],
  ["paused", "ok", 0],
  ["mirror_down", "ok", 0],
  ["observing", "broken", 0],
] as const)(
  "a mirroring that is %s while recording is %s counts as observing: %i",
  async (state, recording, expected) => {
    await using api = await openApi();
    api.live.states.push({ ...MIRRORING, state });
    api.live.recordingStatus = { state: recording, cause: "" };
    const families = await scrape(api);
    expect(valueOf(families, "pgsoak_mirror_observing")).toBe(expected);
    expect(valueOf(families, "pgsoak_recording")).toBe(Number(recording === "ok"));
    const states = families.find(({ name }) => name === "pgsoak_mirror_state")!.samples;
    expect(states.filter(({ value }) => value === 1).map(({ labels }) => labels["state"])).toEqual([state]);
  },
);

test("where the configuration wants nothing recorded, nothing counts as observing", async () => {
  await using api = await openApi({ general: "mirror_metrics_enabled = false" });
  api.live.states.push(MIRRORING);
  const families = await scrape(api);
  expect(valueOf(families, "pgsoak_recording")).toBe(0);
  expect(valueOf(families, "pgsoak_mirror_observing")).toBe(0);
});

test("names that clients chose are escaped and read back as they are", async () => {
  await using api = await openApi();
  const database = 'we"ird\\na\nme{x="y"}';
  const id = api.events.lanes.register("pg18", database);
  api.events.appendBatch([tallied(AT, 1, { lane: id }), skipped(AT, 1, { lane: id })]);
  expect(valueOf(await scrape(api), "pgsoak_mirror_seen_total", { database })).toBe(1);
});
