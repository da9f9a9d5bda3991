import { expect, test } from "vitest";
import { statsJsonSchema } from "../../src/projections/stats-json.ts";
import {
  countersReset,
  dropped,
  errored,
  mirrored,
  queued,
  runStarted,
  skipped,
  tallied,
} from "../projections/facts.ts";
import { openApi } from "./api-fixture.ts";

const AT = 1_700_000_000_123_456;

test("an empty log has a total of zeroes and no mirrorings", async () => {
  await using api = await openApi();
  const answer = await api.get("/stats");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("application/json");
  const body: unknown = await answer.json();
  expect(body).toMatchObject({ total: { requests_total: 0, last_success: null }, mirrorings: [] });
  expect(statsJsonSchema.parse(body)).toEqual(body);
});

test("the counters are given in total and for each mirroring and database", async () => {
  await using api = await openApi();
  const shop = api.events.lanes.register("pg18", "shop");
  const app = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([
    queued(AT, { lane: shop }),
    mirrored(AT, { lane: shop, mirrorUs: 2500 }),
    queued(AT, { lane: app, request: 2 }),
    errored(AT + 1, { lane: app, request: 2, category: "timeout" }),
    dropped(AT + 2, { lane: app, request: 3 }),
    queued(AT, { lane: app, request: 4 }),
    skipped(AT, 6, { lane: app }),
    tallied(AT, 1, { lane: shop }),
    tallied(AT, 9, { lane: app }),
  ]);

  const body = statsJsonSchema.parse(await (await api.get("/stats")).json());
  expect(body.total).toMatchObject({
    requests_total: 10,
    requests_selected: 4,
    requests_mirrored: 1,
    requests_errored: 1,
    requests_dropped: 1,
    requests_skipped: 6,
    requests_in_flight: 1,
    errors_timeout: 1,
    errors_buffer_full: 1,
    latency_sum_ms: 2.5,
    latency_avg_ms: 2.5,
    latency_max_ms: 2.5,
    last_success: "2023-11-14T22:13:20.123456Z",
    last_error: "2023-11-14T22:13:20.123458Z",
    consecutive_errors: 2,
  });
  expect(body.mirrorings.map(({ mirroring, database }) => [mirroring, database])).toEqual([
    ["pg18", "app"],
    ["pg18", "shop"],
  ]);
  expect(body.mirrorings[0]).toMatchObject({
    requests_total: 9,
    skipped: { exposure: 6 },
    dropped: { buffer_full: 1 },
  });
  expect(body.mirrorings[1]).toMatchObject({ requests_mirrored: 1, parity: { match: 1 }, last_error: null });
});

test("a reset zeroes the counters and keeps the timestamps", async () => {
  await using api = await openApi();
  const lane = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([runStarted(AT), queued(AT, { lane }), mirrored(AT, { lane }), tallied(AT, 1, { lane })]);
  api.events.appendBatch([countersReset(AT)]);

  const { total } = statsJsonSchema.parse(await (await api.get("/stats")).json());
  expect(total).toMatchObject({ requests_total: 0, requests_mirrored: 0, latency_max_ms: 0 });
  expect(total.last_success).not.toBeNull();
});
