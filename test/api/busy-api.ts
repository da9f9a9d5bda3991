// An API over a log with a bit of everything on one lane, so that every metric has a sample.

import type { LiveMirroring } from "../../src/api/live-status.ts";
import { dropped, errored, mirrored, queued, runStarted, skipped, tallied, unrecorded } from "../projections/facts.ts";
import { openApi, type ApiFixture, type ApiFixtureOptions } from "./api-fixture.ts";

/** When the log began, microseconds since the Unix epoch. */
export const AT = 1_700_000_000_000_000;

export const MIRRORING: LiveMirroring = {
  mirroring: "pg18",
  queueDepth: 30,
  queueBytes: 4096,
  queueSlots: 200,
  connections: 2,
  refusedLogins: 3,
  incompleteSessions: 1,
  lostSessions: 2,
  state: "observing",
  healthy: true,
};

/** Now is 90 s after the beginning of the log. */
export async function openBusyApi(options: ApiFixtureOptions = {}): Promise<ApiFixture> {
  const api = await openApi({ nowUs: AT + 90_000_000, ...options });
  api.live.states.push(MIRRORING);
  const lane = api.events.lanes.register("pg18", "app");
  api.events.appendBatch([
    runStarted(AT),
    queued(AT, { lane }),
    queued(AT, { lane, request: 2 }),
    queued(AT, { lane, request: 3 }),
    queued(AT, { lane, request: 5 }),
    mirrored(AT, { lane, request: 2, mirrorUs: 4000, parity: "different_rows" }),
    skipped(AT, 10, { lane }),
    unrecorded(AT, { lane, requests: 7 }),
    tallied(AT, 22, { lane }),
    mirrored(AT + 30_000_000, { lane, mirrorUs: 2000 }),
    errored(AT + 60_000_000, { lane, request: 3, category: "query" }),
    dropped(AT + 60_000_000, { lane, request: 4 }),
  ]);
  return api;
}
