// A log of any size over any number of days, written through the real append path: two lanes, 200 statements, one failure
// in a thousand.

import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { createProjections } from "../../src/projections/projections.ts";

/** One more than the windows that are measured have, so that these begin in the middle of it. */
export const WINDOW_LOG_DAYS = 8;
const DAY_US = 86_400_000_000;
const LANES = 2;
const STATEMENTS = 200;
/** Requests of one moment. */
const BURST = 20;
const MOMENTS_PER_BATCH = 250;

/** Whole numbers below `limit`, the same ones in every run. */
function createRandom(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Writes about `events` events, as many on each day, and returns when the log ends: microseconds since the Unix epoch. */
export async function writeWindowLog(path: string, events: number, days = WINDOW_LOG_DAYS): Promise<number> {
  const folds = [new OpenRequests(), ...createProjections()];
  using log = await EventLog.open({ path, folds, synchronous: "off" });
  for (let lane = 1; lane <= LANES; lane++) log.lanes.register(`candidate${lane}`, "app");
  const moments = Math.ceil(events / (2 * BURST + LANES));
  const start = Date.UTC(2026, 10, 1) * 1000 + 1_234_567;
  const random = createRandom();
  let request = 0;
  let at = start;
  const names = Array.from({ length: LANES }, (_, index) => `candidate${index + 1}`);
  const mirrorings = names.map((name) => ({ name, settings: {}, exposure: 1 }));
  const run = { run: 1, version: "0", host: "bench", configHash: "0", mirrorings, metricsEnabled: true };
  let batch: NewEvent[] = [{ kind: "run_started", at, ...run }];
  for (let moment = 0; moment < moments; moment++) {
    at = start + Math.floor((moment / moments) * days * DAY_US);
    for (let i = 0; i < BURST; i++) batch.push(...requestEvents(++request, at, random));
    for (let lane = 1; lane <= LANES; lane++) batch.push({ kind: "tallied", at, lane, seen: BURST / LANES });
    if (moment % MOMENTS_PER_BATCH < MOMENTS_PER_BATCH - 1) continue;
    log.appendBatch(batch);
    batch = [];
  }
  log.appendBatch(batch);
  return log.lastAt;
}

function requestEvents(request: number, at: number, random: (limit: number) => number): NewEvent[] {
  const lane = 1 + (request % LANES);
  const statement = 1 + Math.floor((random(STATEMENTS) * random(STATEMENTS)) / STATEMENTS);
  const primaryUs = Math.floor(100 * 2 ** (random(700) / 100) * (1 + statement / 50));
  const mirrorUs = Math.floor(primaryUs * (0.8 + random(60) / 100));
  const about = { at, request, lane, statement };
  const times = { mirrorUs, primaryUs, waitUs: random(400) };
  const queued = { kind: "queued", ...about, run: 1, session: 1 + (request % 64), bytes: 60 + random(200) } as const;
  if (random(1000) > 0) {
    return [queued, { kind: "mirrored", ...about, ...times, rows: random(20), parity: "match", root: null }];
  }
  const failure = { category: "query", attribution: "compatibility", sqlstate: "42883", message: "no" } as const;
  return [queued, { kind: "errored", ...about, ...times, ...failure, root: null }];
}
