import { expect, test } from "vitest";
import { openApi } from "./api-fixture.ts";

test("the service is alive and says that it records", async () => {
  await using api = await openApi();
  const answer = await api.get("/healthz");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ status: "ok", recording: "ok", log: "ok" });

  const recording = await api.get("/healthz/recording");
  expect(recording.status).toBe(200);
  expect(await recording.json()).toEqual({ status: "ok", recording: "ok" });
});

test("broken recording leaves liveness at 200 and says why; /healthz/recording is 503", async () => {
  await using api = await openApi();
  api.live.recordingStatus = { state: "broken", cause: "database or disk is full" };

  const answer = await api.get("/healthz");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: "ok", recording: "broken", cause: "database or disk is full" });

  const recording = await api.get("/healthz/recording");
  expect(recording.status).toBe(503);
  expect(await recording.json()).toMatchObject({ code: "recording_broken", detail: "database or disk is full" });
});

test("a damaged log leaves liveness at 200 and says where and what to do", async () => {
  await using api = await openApi();
  api.live.logCheckStatus = { state: "damaged", damage: "events 1 to 9: its checksum differs. Restore it." };
  const answer = await api.get("/healthz");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    recording: "ok",
    log: "damaged",
    damage: expect.stringMatching("1 to 9"),
  });
  expect(await (await api.get("/metrics")).text()).toContain("\npgsoak_event_log_damaged 1\n");
});

test("liveness doesn't need the log", async () => {
  await using api = await openApi();
  api.events.db.exec("drop table mirror_stats");
  expect((await api.get("/healthz")).status).toBe(200);

  const stats = await api.get("/stats");
  expect(stats.status).toBe(503);
  expect(await stats.json()).toMatchObject({ code: "log_unavailable" });
  expect(api.logged.join("")).toContain("the HTTP API failed to answer");
});
