import { beforeAll, expect, test } from "vitest";
import { loadStatementParser } from "../../src/events/statements.ts";
import { type History, historySchema } from "../../src/projections/history.ts";
import { runStarted, tallied } from "../projections/facts.ts";
import { type ApiFixture, openApi } from "./api-fixture.ts";
import { openBusyApi } from "./busy-api.ts";
import { BEGIN } from "../projections/watched-log.ts";
import { openWatchedApi } from "./watched-api.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

beforeAll(loadStatementParser);

async function ask(api: ApiFixture, query: string): Promise<History> {
  const response = await api.get(`/history?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return historySchema.parse(await response.json());
}

test("each point has its interval, its counts and both sides' latencies", async () => {
  await using api = await openWatchedApi();
  const history = await ask(api, "step=1m&mirroring=pg18&database=app");
  expect(history).toMatchObject({ resolution: "exact", step_seconds: 60, from: "2023-11-14T22:14:00.000000Z" });
  expect(history.covered).toEqual({ from: history.from, to: history.to });
  expect(history.points).toHaveLength(10);
  expect(history.points[0]).toMatchObject({
    from: "2023-11-14T22:14:00.000000Z",
    to: "2023-11-14T22:15:00.000000Z",
    observed_seconds: 60,
    in_flight: 0,
    peak_in_flight: 1,
    seen: 40,
    skipped: 0,
    selected: 40,
    mirrored: 40,
    errored: 0,
    dropped: 0,
    success_rate: 1,
    parity: { match: 40 },
    latency: {
      mirror: {
        mean_ms: 9,
        max_ms: 9,
      },
      primary: {
        mean_ms: 3,
        p50_ms: 2.992,
      },
      queue_wait: { max_ms: 0.05 },
    },
  });
  expect(history.points[1]).toMatchObject({
    seen: 7,
    skipped: 5,
    selected: 2,
    mirrored: 1,
    errored: 1,
    success_rate: 0.5,
    error_rate: 0.5,
    divergence_rate: 0.5,
    errors: {
      query: 1,
      connection: 0,
    },
    attribution: { compatibility: 1 },
    parity: {
      mirror_failed: 1,
      different_rows: 1,
    },
  });
});

test("a point in which nobody was watching has no figures, one in which nothing happened has zeroes", async () => {
  await using api = await openWatchedApi();
  const { points } = await ask(api, `step=1m&mirroring=pg18&from=${BEGIN / SECOND - 60}`);
  expect(points.map((point) => [point.observed_seconds, point.seen, point.errors.query])).toEqual([
    [0, null, null], // before the log
    [60, 40, 0],
    [60, 8, 1],
    [60, 0, 0],
    [0, null, null], // stopped
    [0, null, null],
    [0, null, null],
    [60, 0, 0],
    [0, null, null], // the mirror was down
    [60, 0, 0],
    [59, 0, 0], // behind the last event nothing is known
  ]);
  expect(points[4]).toMatchObject({ in_flight: null, success_rate: null, latency: { mirror: { p99_ms: null } } });
  expect(points[3]).toMatchObject({ in_flight: 0, success_rate: null, latency: { mirror: { p99_ms: null } } });
});

test("without a mirroring all are summed up, and observed is what any of them was", async () => {
  await using api = await openWatchedApi();
  const { points } = await ask(api, "step=1m");
  expect(points[1]).toMatchObject({ seen: 10, mirrored: 3, dropped: 1, unrecorded: 3, errors: { buffer_full: 1 } });
  expect(points[7]).toMatchObject({ observed_seconds: 60, seen: 0 });
  expect((await ask(api, "step=1m&mirroring=pg19")).points[1]).toMatchObject({ seen: 2, mirrored: 2, unrecorded: 0 });
  expect((await ask(api, "step=1m&database=shop")).points[1]).toMatchObject({ seen: 1, dropped: 1, unrecorded: 0 });
});

test("without a step a window has about 300 points, whatever its length", async () => {
  await using api = await openWatchedApi();
  expect(await ask(api, "window=1h")).toMatchObject({ step_seconds: 10 });
  for (const window of ["1s", "10m", "24h", "7d", "52w"]) {
    const { points } = await ask(api, `window=${window}`);
    expect([window, points.length >= 1 && points.length <= 700]).toEqual([window, true]);
  }
  expect((await ask(api, "window=3000w")).points.length).toBeLessThanOrEqual(2000);
});

test("more than 2,000 points are refused, with a step that makes fewer", async () => {
  await using api = await openWatchedApi();
  const response = await api.get("/history?window=24h&step=1s");
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: "invalid_parameter",
    field: "step",
    detail: 'step is "1s", but must be longer: this window may have 2000 points, 5m makes fewer.',
  });
});

test("where finer buckets have expired the step is longer, and the answer says so", async () => {
  await using api = await openApi({ nowUs: BEGIN + 9 * 1440 * MINUTE });
  const lane = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([runStarted(BEGIN)]);
  for (let minute = 0; minute <= 9 * 1440; minute += 60) {
    api.events.appendBatch([tallied(BEGIN + minute * MINUTE, 1, { lane })]);
  }
  api.events.db.prepare("delete from event where seq <= 40").run();
  api.events.db.prepare("update log_extent set removed_seq = 40, removed_at = ?").run(BEGIN + 40 * 60 * MINUTE);
  const history = await ask(api, `from=${BEGIN / SECOND}&to=${BEGIN / SECOND + 3600}&step=10s`);
  expect(history.step_seconds).toBe(60);
  expect(history.points[0]).toMatchObject({ seen: 1 });
});

test("CSV has a line a point, and nothing where nothing is known", async () => {
  await using api = await openWatchedApi();
  const response = await api.get("/history?step=1m&format=csv");
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const lines = (await response.text()).split("\r\n");
  const header = lines[0]!.split(",");
  expect(header.slice(0, 7)).toEqual("from,to,observed_seconds,in_flight,peak_in_flight,seen,skipped".split(","));
  const cell = (line: number, name: string): string | undefined => lines[line]!.split(",")[header.indexOf(name)];
  expect([cell(1, "seen"), cell(1, "latency.mirror.p99_ms"), cell(2, "errors.query")]).toEqual(["40", "9", "1"]);
  expect([cell(5, "seen"), cell(5, "latency.mirror.p99_ms")]).toEqual(["", ""]);
  expect([lines.length, lines.at(-1)]).toEqual([12, ""]);
  expect(new Set(lines.slice(0, -1).map((line) => line.split(",").length))).toEqual(new Set([header.length]));
});

test("an empty log has an empty history", async () => {
  await using api = await openApi({ nowUs: BEGIN });
  expect(await ask(api, "")).toMatchObject({ points: [], covered: {}, resolution: "exact", seq: 0 });
  expect((await ask(api, "window=1m")).points).toMatchObject(Array.from({ length: 60 }, () => ({ seen: null })));
  expect(await (await api.get("/history?format=csv")).text()).toMatch(/^from,to,.*\r\n$/);
});

test("while a projection is being rebuilt there is no history, and the answer says so", async () => {
  await using api = await openBusyApi();
  api.events.db.prepare("update fold_position set seq = 6 where name = 'rollups'").run();
  const response = await api.get("/history");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "rebuilding" });
  expect(api.logged).toEqual([]);
});

test.each([
  [`step=${"1".repeat(99)}s`, "step"],
  ["window=", "window"],
  ["window=1d&window=2d", "window"],
  ["window=1d&from=5", "window"],
  ["from=10&to=5", "from"],
  ["to=yesterday", "to"],
  ["step=", "step"],
  ["step=0s", "step"],
  ["step=1.5s", "step"],
  ["step=99999999999w", "step"],
  ["step=1m&step=2m", "step"],
  ["mirroring=nobody", "mirroring"],
  ["database=", "database"],
  ["format=xml", "format"],
  ["steps=1m", "steps"],
])("/history?%s is refused and the parameter is named", async (query, field) => {
  await using api = await openWatchedApi();
  const response = await api.get(`/history?${query}`);
  expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_parameter", field }]);
  expect(api.logged).toEqual([]);
});
