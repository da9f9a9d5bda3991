import { expect, test } from "vitest";
import { MIRRORING, openBusyApi } from "./busy-api.ts";
import { openApi } from "./api-fixture.ts";

test("the status has what is true now: recording, the log, and each mirroring with its queue", async () => {
  await using api = await openBusyApi();
  api.live.recordingStatus = { state: "broken", cause: "disk full" };
  api.live.rebuildingStatus = { projection: "rollups", done: 5, of: 10 };
  expect(await (await api.get("/status")).json()).toEqual({
    seq: 12,
    recording: "broken",
    recording_cause: "disk full",
    log: "ok",
    log_damage: "",
    rebuilding: { projection: "rollups", done: 5, of: 10 },
    clients: 3,
    requests: { seen: 22, mirrored: 2, errored: 1, dropped: 1 },
    mirrorings: [
      {
        mirroring: "pg18",
        state: "observing",
        healthy: true,
        queue_depth: 30,
        queue_slots: 200,
        queue_bytes: 4096,
        connections: 2,
      },
    ],
  });
});

test("a stream tells the status at once, and again when something has changed", async () => {
  await using api = await openApi();
  const answer = await api.get("/status", { headers: { accept: "text/event-stream" } });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  let heard = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    heard += chunk;
    if (heard.includes('"mirrorings":[]') && api.live.states.length === 0) {
      api.live.states.push({ ...MIRRORING, state: "mirror_down" });
    }
    if (heard.includes("mirror_down")) break;
  }
  expect(heard.match(/^event: status$/gm)).toHaveLength(2);
});

test("a stream has no parameters, and a fifty-first one is told to come back", async () => {
  await using api = await openApi();
  expect((await api.get("/status?after=1", { headers: { accept: "text/event-stream" } })).status).toBe(400);
  const ends = new AbortController();
  const open = (): Promise<Response> =>
    api.get("/status", { headers: { accept: "text/event-stream" }, signal: ends.signal });
  const streams = await Promise.all(Array.from({ length: 50 }, open));
  expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
  expect((await open()).status).toBe(503);
  ends.abort();
});
