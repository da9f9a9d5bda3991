import { beforeAll, expect, test } from "vitest";
import { loadStatementParser } from "../../src/events/statements.ts";
import { type Comparison, comparisonSchema } from "../../src/projections/comparison.ts";
import { type ApiFixture, openApi } from "./api-fixture.ts";
import { BEGIN } from "../projections/watched-log.ts";
import { openWatchedApi } from "./watched-api.ts";

const S = BEGIN / 1_000_000;

beforeAll(loadStatementParser);

async function ask(api: ApiFixture, query: string): Promise<Comparison> {
  const response = await api.get(`/compare?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return comparisonSchema.parse(await response.json());
}

test("both windows have their figures, and the difference is b − a", async () => {
  await using api = await openWatchedApi();
  const { a, b, difference } = await ask(api, `a=${S}..${S + 60}&b=${S + 60}..${S + 120}&mirroring=pg18`);
  expect(a).toMatchObject({ seconds: 60, observed_seconds: 60, seen: 40, mirrored: 40, success_rate: 1 });
  expect(b).toMatchObject({ seconds: 60, observed_seconds: 60, seen: 8, mirrored: 1, errored: 1, dropped: 1 });
  expect(b.success_rate).toBeCloseTo(1 / 3);
  expect(difference).toMatchObject({ seen: -32, mirrored: -39, errored: 1, errors: { query: 1 } });
  expect(difference.success_rate).toBeCloseTo(-2 / 3);
  expect(difference.seen_per_second).toBeCloseTo(-32 / 60);
  expect(difference.latency.mirror).toMatchObject({ mean_ms: -7, max_ms: -7 });
});

test("a length is a window up to now, and all is the whole log", async () => {
  await using api = await openWatchedApi();
  const { a, b } = await ask(api, `a=all&b=90s`);
  expect(a).toMatchObject({ from: "2023-11-14T22:14:00.000000Z", seconds: 600, seen: 50, unrecorded: 3 });
  expect(b).toMatchObject({ to: a.to, seconds: 90, seen: 0, success_rate: null });
});

test("a window that nobody watched differs from nothing by an unknown amount", async () => {
  await using api = await openWatchedApi();
  const { a, difference } = await ask(api, `a=${S + 200}..${S + 300}&b=all`);
  expect(a).toMatchObject({ observed_seconds: 0, seen: null, seen_per_second: null });
  expect(difference).toMatchObject({ seen: null, seen_per_second: null, latency: { mirror: { mean_ms: null } } });
});

test("moments may be RFC 3339, with a plus that was not escaped", async () => {
  await using api = await openWatchedApi();
  const { a } = await ask(api, "a=2023-11-14T23:14:00+01:00..2023-11-14T22:15:00.5Z&b=all");
  expect(a).toMatchObject({ from: "2023-11-14T22:14:00.000000Z", to: "2023-11-14T22:15:00.500000Z" });
});

test("an empty log has nothing to compare", async () => {
  await using api = await openApi({ nowUs: BEGIN });
  expect(await ask(api, "a=all&b=24h")).toMatchObject({ a: { seen: null }, b: { seen: null, seconds: 86_400 } });
});

test.each([
  ["", "a"],
  ["a=24h", "b"],
  ["a=24h&b=", "b"],
  ["a=24h&b=..", "b"],
  ["a=24h&b=10..5", "b"],
  ["a=10..x&b=24h", "a"],
  ["a=1..2..3&b=24h", "a"],
  ["a=yesterday&b=24h", "a"],
  ["a=24h&a=25h&b=24h", "a"],
  ["a=24h&b=24h&mirroring=nobody", "mirroring"],
  ["a=24h&b=24h&window=24h", "window"],
])("/compare?%s is refused and the parameter is named", async (query, field) => {
  await using api = await openWatchedApi();
  const response = await api.get(`/compare?${query}`);
  expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_parameter", field }]);
  expect(api.logged).toEqual([]);
});
