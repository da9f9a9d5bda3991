import { expect, test } from "vitest";
import { z } from "zod";
import { runStarted, tallied } from "../projections/facts.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";

const NOW_US = 1_700_000_000_123_456;
const MOMENT = "2023-11-14T22:13:20.123456Z";
const JSON_TYPE = { "content-type": "application/json" };

const post = (api: ApiFixture, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  api.get(path, { method: "POST", headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) });

const problemSchema = z.object({ code: z.string(), field: z.string().optional() });

test("a marker is in the log before it is answered, and in the list", async () => {
  await using api = await openApi({ nowUs: NOW_US });
  api.events.appendBatch([runStarted(NOW_US)]);
  const response = await post(api, "/markers", { text: "index built", who: "ann" });
  expect(response.status).toBe(201);
  const marker = { seq: 2, at: MOMENT, kind: "marked", text: "index built", who: "ann" };
  expect(await response.json()).toEqual(marker);
  expect(api.events.lastSeq).toBe(2);
  await post(api, "/markers", { text: "second" });
  const { kind: _kind, ...first } = marker;
  expect(await (await api.get("/markers?limit=1")).json()).toEqual({ markers: [first], next: 2 });
  const second = { seq: 3, at: MOMENT, text: "second", who: "api" };
  expect(await (await api.get("/markers?after=2")).json()).toEqual({ markers: [second], next: null });
  expect(await (await api.get("/markers?from=0&to=1000")).json()).toEqual({ markers: [], next: null });
});

test("an epoch said by hand names its reason and whose evidence is worthless", async () => {
  await using api = await openApi({ nowUs: NOW_US });
  api.events.appendBatch([runStarted(NOW_US - 10, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }] })]);
  const response = await post(api, "/epochs", { reason: "restored anew", mirroring: "pg18", who: "ann" });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({
    seq: 2,
    at: MOMENT,
    kind: "epoch_started",
    mirroring: "pg18",
    what: "restored anew",
    before: "",
    after: "",
    who: "ann",
  });
  expect(await (await post(api, "/epochs", { reason: "all of it" })).json()).toMatchObject({
    mirroring: null,
    who: "api",
  });
  const unknown = await post(api, "/epochs", { reason: "x", mirroring: "nobody" });
  expect([unknown.status, problemSchema.parse(await unknown.json()).field]).toEqual([400, "mirroring"]);
});

test("notes are listed also where the log is ahead of a clock that was set back", async () => {
  await using api = await openApi({ nowUs: NOW_US });
  api.events.appendBatch([runStarted(NOW_US + 3_600_000_000)]);
  await post(api, "/markers", { text: "the clock was set back" });
  await post(api, "/epochs", { reason: "restored anew" });
  expect(await (await api.get("/markers?window=24h")).json()).toMatchObject({ markers: [{ seq: 2 }] });
  expect(await (await api.get("/epochs")).json()).toMatchObject({ epochs: [{ seq: 3 }] });
});

test("a reset zeroes the counters and is an event", async () => {
  await using api = await openApi({ nowUs: NOW_US });
  const lane = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([tallied(NOW_US, 5, { lane })]);
  const total = async (): Promise<number> =>
    z.object({ total: z.object({ requests_total: z.int() }) }).parse(await (await api.get("/stats")).json()).total
      .requests_total;
  expect(await total()).toBe(5);
  const response = await post(api, "/reset", { who: "ann" });
  expect(await response.json()).toEqual({ seq: 2, at: MOMENT, kind: "counters_reset", who: "ann" });
  expect(await total()).toBe(0);
});

test.each([
  ["/markers", {}, "text"],
  ["/markers", { text: "" }, "text"],
  ["/markers", { text: "   " }, "text"],
  ["/markers", { text: 5 }, "text"],
  ["/markers", { text: "x".repeat(1001) }, "text"],
  ["/markers", { text: "a\nb" }, "text"],
  ["/markers", { text: "a\u001b[31mb" }, "text"],
  ["/markers", { text: "a\u202eb" }, "text"],
  ["/markers", { text: "a\ud800" }, "text"],
  ["/markers", { text: "a", who: "x".repeat(101) }, "who"],
  ["/markers", { text: "a", at: "now" }, "at"],
  ["/epochs", { reason: "" }, "reason"],
  ["/epochs", { reason: "a", mirroring: 5 }, "mirroring"],
  ["/reset", { who: "\u0000" }, "who"],
  ["/reset", [], undefined],
  ["/reset", "x", undefined],
  ["/reset", null, undefined],
])("POST %s with %j is refused and the field is named", async (path, body, field) => {
  await using api = await openApi();
  const response = await post(api, path, body);
  expect(response.status).toBe(400);
  expect(problemSchema.parse(await response.json())).toEqual({
    code: "invalid_parameter",
    ...(field === undefined ? {} : { field }),
  });
  expect([api.events.lastSeq, api.logged]).toEqual([0, []]);
});

test("what is no JSON is refused, whatever it says it is", async () => {
  await using api = await openApi();
  for (const path of ["/markers", "/epochs", "/reset"]) {
    const broken = await api.get(path, { method: "POST", headers: JSON_TYPE, body: "{" });
    expect([path, broken.status]).toEqual([path, 400]);
    const empty = await api.get(path, { method: "POST", headers: JSON_TYPE });
    expect([path, empty.status]).toEqual([path, 400]);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const form = await api.get(path, { method: "POST", headers: { "content-type": type }, body: "{}" });
      expect([path, form.status]).toEqual([path, 415]);
    }
  }
  expect([api.events.lastSeq, api.logged]).toEqual([0, []]);
});

test("while recording is broken a write is refused, and nothing of it is kept", async () => {
  await using api = await openApi();
  api.live.recordingStatus = { state: "broken", cause: "disk full" };
  const response = await post(api, "/markers", { text: "x" });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "recording_broken", detail: "disk full" });
  expect(api.events.lastSeq).toBe(0);
});

test("without a token another site may not write; its own pages and programs may", async () => {
  await using api = await openApi();
  const status = async (headers: Record<string, string>): Promise<number> =>
    Number(/^HTTP\/1\.1 (\d+)/.exec(await api.raw(request(api, headers), /\r\n\r\n/))?.[1]);
  const own = `http://127.0.0.1:${api.port}`;
  expect(await status({})).toBe(201);
  expect(await status({ origin: own, "sec-fetch-site": "same-origin" })).toBe(201);
  expect(await status({ "sec-fetch-site": "none" })).toBe(201);
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:1", "x", `${own}.evil.example`]) {
    expect([origin, await status({ origin })]).toEqual([origin, 403]);
  }
  for (const site of ["cross-site", "same-site"]) expect(await status({ "sec-fetch-site": site })).toBe(403);
});

test("with a token every write needs it, also when reads are open", async () => {
  await using api = await openApi({ api: 'token = "s3cret-s3cret-s3cret"\nopen_reads = true' });
  expect((await api.get("/markers")).status).toBe(200);
  expect((await post(api, "/markers", { text: "x" })).status).toBe(401);
  const bearer = { authorization: "Bearer s3cret-s3cret-s3cret" };
  expect((await post(api, "/markers", { text: "x" }, bearer)).status).toBe(201);
});

function request(api: ApiFixture, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /reset HTTP/1.1\r\nhost: 127.0.0.1:${api.port}\r\ncontent-type: application/json\r\n`;
  return `${head}${lines.join("")}content-length: 2\r\nconnection: close\r\n\r\n{}`;
}
