// Makes a large log in little time, through the real encoders, folds and seals: mirrored requests for the most part, with
// some errors, drops and skips, of a few lanes and a few hundred statements, spread over days.

import { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import type { Fold } from "../../src/events/fold.ts";
import { KnownFacts } from "../../src/events/known-facts.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { runStarted, runStopped } from "../projections/facts.ts";

const REQUESTS_PER_BATCH = 10_000;
const LANES = 4;
const STATEMENTS = 200;
const REQUESTS_PER_SECOND = 2000;
const US_PER_REQUEST = 1_000_000 / REQUESTS_PER_SECOND;
/** One request in so many fails, is dropped. */
const ERRORED_EVERY = 1000;
const DROPPED_EVERY = 5000;
/** Before now, so that the log ends in the past. */
const HOURS_OF_SLACK = 1;

/** All that follow a log, so that a start has nothing to catch up with. */
export const bigLogFolds = (): Fold[] => [new OpenRequests(), new KnownFacts(), ...createProjections()];

/** A closed log of about `events` events and one run that ended well. */
export async function writeBigLog(path: string, events: number, folds = bigLogFolds()): Promise<void> {
  await loadStatementParser();
  using log = await EventLog.open({ path, synchronous: "off", folds });
  const lanes = Array.from({ length: LANES }, (_, i) => log.lanes.register("candidate", `app_${i}`));
  const statements = Array.from({ length: STATEMENTS }, (_, i) => log.statements.register(`select a${i} from t${i}`));
  const spanUs = (events / 2) * US_PER_REQUEST + HOURS_OF_SLACK * 3_600_000_000;
  let at = Date.now() * 1000 - Math.round(spanUs);
  let request = 0;
  log.appendBatch([runStarted(at)]);
  while (log.lastSeq < events) {
    const batch: NewEvent[] = [];
    const seen = lanes.map(() => 0);
    for (let i = 0; i < REQUESTS_PER_BATCH; i++) {
      request++;
      at += US_PER_REQUEST;
      const index = request % LANES;
      const requested = { at, request, lane: lanes[index]!, statement: statements[request % STATEMENTS]! };
      seen[index]!++;
      batch.push({ kind: "queued", ...requested, run: 1, session: 1 + (request % 500), bytes: 40 + (request % 200) });
      batch.push(outcomeOf(request, requested));
    }
    lanes.forEach((lane, index) => batch.push({ kind: "tallied", at, lane, seen: seen[index]! }));
    log.appendBatch(batch);
  }
  log.appendBatch([runStopped(at)]);
  log.tidy();
}

interface Requested {
  readonly at: number;
  readonly request: number;
  readonly lane: number;
  readonly statement: number;
}

function outcomeOf(n: number, requested: Requested): NewEvent {
  if (n % DROPPED_EVERY === 0) return { kind: "dropped", ...requested, reason: "session_closed", wasQueued: true };
  const timed = {
    mirrorUs: 250 + ((n * 7919) % 2500),
    primaryUs: 200 + ((n * 104_729) % 2000),
    waitUs: 20 + (n % 400),
  };
  if (n % ERRORED_EVERY > 0) {
    return { kind: "mirrored", ...requested, ...timed, rows: n % 20, parity: "match", root: null };
  }
  const failure = { sqlstate: "42883", message: `function f${n % 5} does not exist` };
  return {
    kind: "errored",
    ...requested,
    ...timed,
    category: "query",
    attribution: "compatibility",
    ...failure,
    root: null,
  };
}
