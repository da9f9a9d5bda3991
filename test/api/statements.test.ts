import { beforeAll, expect, test } from "vitest";
import { loadStatementParser } from "../../src/events/statements.ts";
import { type StatementList, statementListSchema } from "../../src/projections/statement-list.ts";
import { mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { type ApiFixture, openApi } from "./api-fixture.ts";
import { BEGIN } from "../projections/watched-log.ts";
import { openWatchedApi } from "./watched-api.ts";

beforeAll(loadStatementParser);

async function ask(api: ApiFixture, query = ""): Promise<StatementList> {
  const response = await api.get(`/statements?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return statementListSchema.parse(await response.json());
}

const texts = ({ statements }: StatementList): string[] => statements.map(({ statement }) => statement);

test("a statement has its calls, its errors with a sample, its parity and both sides' latencies", async () => {
  await using api = await openWatchedApi();
  const list = await ask(api);
  expect(list).toMatchObject({ resolution: "exact", statements_total: 3, other: null });
  expect(list.statements[0]).toMatchObject({
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    statement: "select ? from b",
    calls: 2,
    mirrored: 1,
    errored: 1,
    dropped: 0,
    divergences: 1,
    errors: [{ code: "42883", count: 1, sample: "function does not exist" }],
    parity: { mirror_failed: 1, different_rows: 1, match: 0 },
    latency: { mirror: { max_ms: 2 }, primary: { max_ms: 1 } },
    latency_ratio: null,
  });
});

test("the latency ratio needs thirty executions on both sides", async () => {
  await using api = await openWatchedApi();
  const { statements } = await ask(api, "sort=ratio&mirroring=pg18");
  expect(statements[0]).toMatchObject({ statement: "select ? from a", calls: 40, latency_ratio: expect.closeTo(3, 1) });
  const few = await ask(api, "sort=ratio&mirroring=pg19");
  expect(few.statements).toMatchObject([{ calls: 2, latency_ratio: null }]);
});

test("the worst comes first, by what was asked for", async () => {
  await using api = await openWatchedApi();
  expect(texts(await ask(api, "sort=calls"))[0]).toBe("select ? from a");
  expect(texts(await ask(api, "sort=errors"))).toEqual(["select ? from b", "select ? from c", "select ? from a"]);
  expect(texts(await ask(api, "sort=divergences"))[0]).toBe("select ? from b");
  expect(texts(await ask(api, "sort=latency"))).toEqual(["select ? from a", "select ? from b", "select ? from c"]);
  expect(await ask(api, "sort=calls&limit=1")).toMatchObject({ statements_total: 3, statements: [{ calls: 42 }] });
});

test("statements of other lanes and windows are left out", async () => {
  await using api = await openWatchedApi();
  expect(texts(await ask(api, "database=shop"))).toEqual(["select ? from c"]);
  expect(texts(await ask(api, "window=1m"))).toEqual([]);
  expect(texts(await ask(api, `from=${BEGIN / 1e6 + 60}&to=${BEGIN / 1e6 + 120}&mirroring=pg18`))).toEqual([
    "select ? from b",
    "select ? from c",
  ]);
});

test("what the log has no statement for stands apart, whatever its rank", async () => {
  await using api = await openApi({ nowUs: BEGIN + 1000 });
  const lane = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([
    runStarted(BEGIN),
    queued(BEGIN, { lane }),
    mirrored(BEGIN, { lane }),
    tallied(BEGIN, 1, { lane }),
  ]);
  expect(await ask(api)).toMatchObject({ statements: [], statements_total: 0, other: { calls: 1 } });
});

test.each([
  ["sort=name", "sort"],
  ["limit=0", "limit"],
  ["limit=1001", "limit"],
  ["limit=5&limit=6", "limit"],
  ["window=1y", "window"],
  ["mirroring=nobody", "mirroring"],
  ["fingerprint=1", "fingerprint"],
])("/statements?%s is refused and the parameter is named", async (query, field) => {
  await using api = await openWatchedApi();
  const response = await api.get(`/statements?${query}`);
  expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_parameter", field }]);
  expect(api.logged).toEqual([]);
});
