import { expect, test } from "vitest";
import type { NewEvent } from "../../src/events/event.ts";
import { type Readiness, readinessSchema } from "../../src/projections/readiness/readiness-schema.ts";
import { errored, mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";
import { readExposition } from "./exposition.ts";

const S = 1_000_000;
const HOUR = 3600 * S;
const BEGIN = 400_000 * HOUR;
const NOW_US = BEGIN + 25 * HOUR;

let request = 0;
function requests(at: number, lane: number, good: number, bad: number): NewEvent[] {
  const ids = Array.from({ length: good + bad }, () => ++request);
  return [
    ...ids.map((id) => queued(at, { lane, request: id })),
    ...ids.map((id, index) => (index < bad ? errored : mirrored)(at, { lane, request: id })),
    tallied(at, ids.length, { lane }),
  ];
}

/** A day of two mirrorings: pg18 with some errors in the database shop, pg19 without any. */
async function openSoak(): Promise<ApiFixture> {
  const api = await openApi({ nowUs: NOW_US });
  const lanes = [api.events.lanes.register("pg18", "app"), api.events.lanes.register("pg18", "shop")];
  lanes.push(api.events.lanes.register("pg19", "app"));
  const mirrorings = ["pg18", "pg19"].map((name) => ({ name, settings: {}, exposure: 1 }));
  api.events.appendBatch([runStarted(BEGIN, { mirrorings })]);
  api.events.appendBatch(requests(BEGIN + HOUR, lanes[0]!, 400, 0));
  api.events.appendBatch(requests(BEGIN + 2 * HOUR, lanes[1]!, 95, 5));
  api.events.appendBatch(requests(BEGIN + 3 * HOUR, lanes[2]!, 400, 0));
  api.events.appendBatch([{ kind: "idled", at: NOW_US - 1 }]);
  return api;
}

const LENIENT = "mirror_min_requests=300&mirror_consecutive_success=50&max_latency_ratio=off";

async function ask(api: ApiFixture, query = ""): Promise<Readiness> {
  const response = await api.get(`/readiness${query}`);
  expect(response.status).toBe(200);
  return readinessSchema.parse(await response.json());
}

test("the answer is the verdict on the window with criteria, reasons and metrics", async () => {
  await using api = await openSoak();
  const answer = await ask(api, "?window=24h");
  expect(answer).toMatchObject({
    verdict: "NOT_READY",
    ready: false,
    from: "2015-08-19T17:00:00.000000Z",
    to: "2015-08-20T17:00:00.000000Z",
    expires_at: "2015-08-21T17:00:00.000000Z",
    policy: { mirror_max_error_rate: 0.01, expires_after: "24h" },
  });
  expect(answer.reasons[0]).toBe("Error rate 5.00% exceeds threshold 1.00% (pg18/shop)");
  expect(answer.metrics.total_requests).toBe(900);
});

test("a window that ends in the future ends now, and the answer says so", async () => {
  await using api = await openSoak();
  const seconds = BEGIN / S;
  const asked = await ask(api, `?from=${seconds}&to=2099-01-01T00:00:00Z`);
  expect(asked).toMatchObject({ to: "2015-08-20T17:00:00.000000Z", expires_at: "2015-08-21T17:00:00.000000Z" });
  expect(asked).toEqual(await ask(api, `?from=${seconds}`));
  expect((await ask(api, "?to=2099-01-01T00:00:00Z")).to).toBe("2015-08-20T17:00:00.000000Z");
  const future = await api.get("/readiness?from=2098-01-01T00:00:00Z&to=2099-01-01T00:00:00Z");
  expect(future.status).toBe(400);
  expect(await future.json()).toMatchObject({ detail: expect.stringContaining("must be in the past") });
});

test("any threshold can be overridden by its setting name, and the stored policy stays", async () => {
  await using api = await openSoak();
  const lenient = await ask(api, `?${LENIENT}&mirror_max_error_rate=0.2`);
  expect(lenient).toMatchObject({ verdict: "READY", policy: { mirror_max_error_rate: 0.2, max_latency_ratio: "off" } });
  expect((await ask(api)).policy).toMatchObject({ mirror_max_error_rate: 0.01, max_latency_ratio: 1.5 });
});

test("one mirroring or database can be asked about alone", async () => {
  await using api = await openSoak();
  expect((await ask(api, `?mirroring=pg19&${LENIENT}`)).verdict).toBe("READY");
  expect((await ask(api, `?mirroring=pg18&database=app&${LENIENT}`)).verdict).toBe("READY");
  expect((await ask(api, `?database=shop&${LENIENT}`)).verdict).toBe("NOT_READY");
});

test("gate=true answers 200 for READY and 409 otherwise, with the same body", async () => {
  await using api = await openSoak();
  expect((await api.get(`/readiness?mirroring=pg19&gate=true&${LENIENT}`)).status).toBe(200);
  const refused = await api.get("/readiness?gate=true");
  expect(refused.status).toBe(409);
  expect(readinessSchema.parse(await refused.json())).toEqual(await ask(api));
  expect((await api.get("/readiness?gate=false")).status).toBe(200);
});

test("format=text gives the report", async () => {
  await using api = await openSoak();
  const response = await api.get("/readiness?format=text");
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toMatch(/^=== Mirror Migration Readiness Report ===\nStatus: NOT READY\n/);
});

test("the same question has the same bytes", async () => {
  await using api = await openSoak();
  const question = `/readiness?from=${BEGIN / S}&to=${(BEGIN + 4 * HOUR) / S}`;
  const [first, second] = [await (await api.get(question)).text(), await (await api.get(question)).text()];
  expect(second).toBe(first);
});

test("an empty log, a window before the log and a window without traffic are INCONCLUSIVE", async () => {
  await using empty = await openApi({ nowUs: NOW_US });
  expect(await ask(empty)).toMatchObject({ verdict: "INCONCLUSIVE", ready: false });
  await using api = await openSoak();
  expect((await ask(api, "?from=1000&to=2000")).reasons[0]).toMatch(/^The window lies wholly before the log/);
  expect((await ask(api, "?window=1h")).verdict).toBe("INCONCLUSIVE");
});

test.for([
  ["wnidow=24h", "wnidow"],
  ["window=1y", "window"],
  ["window=", "window"],
  ["window=-1h", "window"],
  ["window=24h&window=7d", "window"],
  ["window=24h&from=1", "window"],
  ["from=2000&to=1000", "from"],
  ["to=never", "to"],
  ["mirroring=pg20", "mirroring"],
  ["database=nothing", "database"],
  ["mirroring=pg19&database=shop", "database"],
  ["format=xml", "format"],
  ["gate=yes", "gate"],
  ["mirror_max_error_rate=2", "mirror_max_error_rate"],
  ["mirror_max_error_rate=", "mirror_max_error_rate"],
  ["mirror_max_error_rate=0.1&mirror_max_error_rate=0.2", "mirror_max_error_rate"],
  ["expires_after=soon", "expires_after"],
  ["windows=24h", "windows"],
  [`max_drop_rate=${"9".repeat(3000)}`, "max_drop_rate"],
] as const)("%s is 400 with the field named", async ([query, field]) => {
  await using api = await openSoak();
  const response = await api.get(`/readiness?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_parameter", field });
});

test("score and verdict of each mirroring and window are metrics", async () => {
  await using api = await openSoak();
  for (const name of ["pg18", "pg19"]) {
    const none = {
      queueDepth: 0,
      queueBytes: 0,
      connections: 0,
      incompleteSessions: 0,
      lostSessions: 0,
      refusedLogins: 0,
    };
    const counts = { ...none, queueSlots: 1 };
    api.live.states.push({ mirroring: name, state: "observing", healthy: true, ...counts });
  }
  const families = readExposition(await (await api.get("/metrics")).text());
  const samples = (name: string) => families.find((family) => family.name === name)?.samples ?? [];
  expect(samples("pgsoak_readiness_score").map(({ labels }) => labels)).toEqual([
    { cluster: "pg18", window: "24h" },
    { cluster: "pg19", window: "24h" },
    { cluster: "pg18", window: "all" },
    { cluster: "pg19", window: "all" },
  ]);
  const isNow = samples("pgsoak_readiness_verdict").filter(({ value }) => value === 1);
  expect(isNow.map(({ labels }) => [labels["cluster"], labels["window"], labels["verdict"]])).toEqual([
    ["pg18", "24h", "NOT_READY"],
    ["pg19", "24h", "INCONCLUSIVE"],
    ["pg18", "all", "NOT_READY"],
    ["pg19", "all", "INCONCLUSIVE"],
  ]);
});
