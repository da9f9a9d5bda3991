import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { loadStatementParser } from "../../src/events/statements.ts";
import { mirrored, observationChanged, queued, runStarted, tallied, unrecorded } from "../projections/facts.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";

const AT = 1_700_000_000_000_000;
const S = 1_000_000;

beforeAll(loadStatementParser);

const pageSchema = z.object({
  events: z.array(z.looseObject({ seq: z.int(), kind: z.string() })),
  next: z.int().nullable(),
});

/** Seqs 1 to 10, one second apart; pg18/app is lane 1, pg18/crm lane 2, pg19/app lane 3. */
async function openBusyLog(): Promise<ApiFixture> {
  const api = await openApi();
  const [app, crm, other] = [
    api.events.lanes.register("pg18", "app"),
    api.events.lanes.register("pg18", "crm"),
    api.events.lanes.register("pg19", "app"),
  ];
  api.events.appendBatch([
    runStarted(AT),
    queued(AT + S, { lane: app }),
    mirrored(AT + 2 * S, { lane: app }),
    tallied(AT + 3 * S, 1, { lane: app }),
    tallied(AT + 4 * S, 1, { lane: crm }),
    tallied(AT + 5 * S, 1, { lane: other }),
    observationChanged(AT + 6 * S, "mirror_down"),
    unrecorded(AT + 7 * S, { lane: null, requests: null, cause: "crash" }),
    { kind: "epoch_started", at: AT + 8 * S, mirroring: null, what: "x", before: "", after: "", who: "ann" },
    { kind: "marked", at: AT + 9 * S, text: "cut-over", who: "ann" },
  ]);
  return api;
}

async function seqs(api: ApiFixture, query: string): Promise<{ seqs: number[]; next: number | null }> {
  const response = await api.get(`/events?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  const { events, next } = pageSchema.parse(await response.json());
  return { seqs: events.map(({ seq }) => seq), next };
}

test("the log is paged by seq in both directions, to its end", async () => {
  await using api = await openBusyLog();
  expect(await seqs(api, "limit=4")).toEqual({ seqs: [1, 2, 3, 4], next: 4 });
  expect(await seqs(api, "limit=4&after=4")).toEqual({ seqs: [5, 6, 7, 8], next: 8 });
  expect(await seqs(api, "limit=4&after=8")).toEqual({ seqs: [9, 10], next: null });
  expect(await seqs(api, "limit=2&after=8")).toEqual({ seqs: [9, 10], next: null });
  expect(await seqs(api, "after=10")).toEqual({ seqs: [], next: null });
  expect(await seqs(api, "after=99999")).toEqual({ seqs: [], next: null });
  expect(await seqs(api, "limit=4&order=desc")).toEqual({ seqs: [10, 9, 8, 7], next: 7 });
  expect(await seqs(api, "limit=4&order=desc&before=7")).toEqual({ seqs: [6, 5, 4, 3], next: 3 });
  expect(await seqs(api, "limit=4&order=desc&before=3")).toEqual({ seqs: [2, 1], next: null });
  expect(await seqs(api, "before=3")).toEqual({ seqs: [1, 2], next: null });
});

test("events are chosen by kind, mirroring, database and time", async () => {
  await using api = await openBusyLog();
  expect((await seqs(api, "kind=queued,mirrored&kind=marked")).seqs).toEqual([2, 3, 10]);
  expect((await seqs(api, "kind=marked&kind=epoch_started")).seqs).toEqual([9, 10]);
  expect((await seqs(api, "kind=epoch_started,marked&order=desc&limit=1")).seqs).toEqual([10]);
  expect((await seqs(api, "mirroring=pg18")).seqs).toEqual([2, 3, 4, 5, 7, 9]);
  expect((await seqs(api, "mirroring=pg19")).seqs).toEqual([6, 9]);
  expect((await seqs(api, "mirroring=pg18&database=crm")).seqs).toEqual([5]);
  expect((await seqs(api, "database=app")).seqs).toEqual([2, 3, 4, 6]);
  expect((await seqs(api, "database=nobody")).seqs).toEqual([]);
  const moment = (s: number): string => new Date(AT / 1000 + s * 1000).toISOString();
  expect((await seqs(api, `from=${moment(3)}&to=${moment(5)}`)).seqs).toEqual([4, 5]);
  expect((await seqs(api, `from=${AT / S + 8}`)).seqs).toEqual([9, 10]);
  expect((await seqs(api, `to=${AT / S + 1}&after=0`)).seqs).toEqual([1]);
});

test("an event has names for ids, as pgsoak events --json has", async () => {
  await using api = await openBusyLog();
  const { events } = pageSchema.parse(await (await api.get("/events?after=1&limit=1")).json());
  expect(events[0]).toMatchObject({ seq: 2, at: "2023-11-14T22:13:21.000000Z", mirroring: "pg18", database: "app" });
});

test.each([
  ["after=-1", "after"],
  ["after=1e3", "after"],
  ["after=1&after=2", "after"],
  ["before=99999999999999999", "before"],
  ["limit=0", "limit"],
  ["limit=1001", "limit"],
  ["limit=%F0%9F%98%80", "limit"],
  ["kind=exploded", "kind"],
  ["kind=", "kind"],
  ["order=up", "order"],
  ["mirroring=", "mirroring"],
  ["mirroring=nobody", "mirroring"],
  [`mirroring=${"x".repeat(300)}`, "mirroring"],
  ["mirroring='%20or%201=1%20--", "mirroring"],
  ["from=yesterday", "from"],
  ["from=2023-02-31T99:00:00Z", "from"],
  ["to=NaN", "to"],
  ["from=20&to=10", "from"],
  ["window=7d", "window"],
  ["sort=kind", "sort"],
])("/events?%s is refused and the parameter is named", async (query, field) => {
  await using api = await openBusyLog();
  const response = await api.get(`/events?${query}`);
  expect(response.status).toBe(400);
  const body = z.object({ code: z.string(), field: z.string() }).parse(await response.json());
  expect(body).toEqual({ code: "invalid_parameter", field: expect.stringMatching(new RegExp(`^${field}`)) });
  expect(api.logged).toEqual([]);
});

test("a question that few events answer is given up page by page, never in one long scan", async () => {
  await using api = await openApi();
  const lane = api.events.lanes.register("pg18", "app");
  const tallies = Array.from({ length: 50_000 }, (_, i) => tallied(AT + i, 1, { lane }));
  for (let i = 0; i < 11; i++) api.events.appendBatch(tallies);
  api.events.appendBatch([queued(AT, { lane })]);
  expect(await seqs(api, "kind=queued")).toEqual({ seqs: [], next: 500_000 });
  expect(await seqs(api, "kind=queued&after=500000")).toEqual({ seqs: [550_001], next: null });
  expect(await seqs(api, "kind=mirrored&order=desc")).toEqual({ seqs: [], next: 50_002 });
  expect(await seqs(api, "kind=mirrored&order=desc&before=50002")).toEqual({ seqs: [], next: null });
});
