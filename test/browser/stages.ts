// Dashboards over logs that look real, in the states that somebody may find them in.

import { type ApiFixture, type ApiFixtureOptions, openApi } from "../api/api-fixture.ts";
import { type Soak, writeSoak } from "./soak-log.ts";

const CANDIDATE = `
[[databases]]
name = "candidate"
host = "127.0.0.1"
port = 5433
user = "app"
tls = "disable"
[[mirroring]]
name = "pg18-candidate"
source_db = "*"
destination_db = "candidate"
`;

const SOAKS = {
  ready: { hours: 30, requestsPerHour: 4600, hasTrouble: false, hasOutage: false },
  not_ready: { hours: 30, requestsPerHour: 4600, hasTrouble: true, hasOutage: true },
  inconclusive: { hours: 5, requestsPerHour: 4600, hasTrouble: false, hasOutage: false },
} satisfies Record<string, Omit<Soak, "endUs">>;

export type Stage = keyof typeof SOAKS | "empty";

export interface StageOptions extends ApiFixtureOptions {
  /** Instead of the usual number, which takes some seconds to write. */
  readonly requestsPerHour?: number;
}

/** The fixture's clock stands at the end of the log. */
export async function openStage(stage: Stage, options: StageOptions = {}): Promise<ApiFixture> {
  const endUs = Date.now() * 1000;
  const api = await openApi({ nowUs: endUs, tables: CANDIDATE, ...options });
  const mirroring = "pg18-candidate";
  const queue = { queueDepth: 4, queueBytes: 2310, queueSlots: 1200 };
  const well = { state: "observing", healthy: true, incompleteSessions: 0, lostSessions: 0, refusedLogins: 0 } as const;
  api.live.states.push({ mirroring, connections: 12, ...queue, ...well });
  api.live.clients = 12;
  if (stage !== "empty") {
    const { requestsPerHour = SOAKS[stage].requestsPerHour } = options;
    await writeSoak(api.events, { ...SOAKS[stage], requestsPerHour, endUs });
  }
  return api;
}
