// A log of any length: balanced batches of a run, a thousandth of the requests left open until the end.

import type { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";

const BATCH_EVENTS = 2000;
/** As ids are after some days: of the size that they have for most of a soak. */
const FIRST_REQUEST = 20_000_000;
/** One request each so many microseconds: 20,000 events a second. */
const STEP_US = 100;

export interface ManyOptions {
  /** Of the first event: microseconds since the Unix epoch. */
  readonly at?: number;
  readonly stepUs?: number;
  readonly run?: number;
  /** Different ones; 0 when absent: no event names one. */
  readonly statements?: number;
}

/** At least `events` events, the first of them run_started. Moments rise with the events. */
export function* manyEvents(log: EventLog, events: number, options: ManyOptions = {}): Generator<NewEvent[]> {
  const { stepUs = STEP_US, run = 1, statements = 0 } = options;
  let at = options.at ?? 1_700_000_000_000_000;
  const lanes = [log.lanes.register("candidate", "app"), log.lanes.register("candidate", "shop")];
  yield [
    { kind: "run_started", at, run, version: "0", host: "h", configHash: "c", mirrorings: [], metricsEnabled: true },
  ];
  let request = FIRST_REQUEST;
  for (let made = 1; made < events; made += BATCH_EVENTS) {
    const batch: NewEvent[] = [];
    for (let i = 0; i < BATCH_EVENTS / 2 - 1; i++) {
      at += stepUs;
      const id = ++request * 64 + 1;
      const statement = statements === 0 ? 0 : 1 + (request % statements);
      const about = { at, request: id, lane: lanes[request % 2]!, statement };
      batch.push({ kind: "queued", ...about, run, session: 64 * (request % 200), bytes: 40 + (request % 200) });
      if (request % 1000 === 0) continue;
      const times = {
        mirrorUs: 250 + (request % 2500),
        primaryUs: 200 + (request % 2000),
        waitUs: 20 + (request % 400),
      };
      const root = null;
      if (request % 50 === 0) {
        const failure = { category: "query", attribution: "compatibility", sqlstate: "42883", message: "" } as const;
        batch.push({ kind: "errored", ...about, ...times, ...failure, root });
      } else batch.push({ kind: "mirrored", ...about, ...times, rows: request % 20, parity: "match", root });
    }
    const seen = new Map<number, number>();
    for (const event of batch) if (event.kind === "queued") seen.set(event.lane, (seen.get(event.lane) ?? 0) + 1);
    for (const [lane, count] of seen) batch.push({ kind: "tallied", at, lane, seen: count });
    yield batch;
  }
}
