// A log of two mirrorings with traffic, errors, a silence and a stop, for questions about windows.

import type { EventLog } from "../../src/events/event-log.ts";
import type { NewEvent } from "../../src/events/event.ts";
import {
  dropped,
  errored,
  mirrored,
  observationChanged,
  queued,
  runStarted,
  runStopped,
  skipped,
  tallied,
  unrecorded,
} from "./facts.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** When the log begins, on a minute. It ends a second before the tenth. */
export const BEGIN = 28_333_334 * MINUTE;

/** `calls` requests of a statement that both sides answered, with their tally. */
function calls(at: number, lane: number, statement: number, count: number): NewEvent[] {
  const each = Array.from({ length: count }, (_, index): NewEvent[] => {
    const about = { lane, statement, request: at + index };
    return [queued(at, about), mirrored(at, { ...about, mirrorUs: 9000, primaryUs: 3000, waitUs: 50 })];
  });
  return [...each.flat(), tallied(at, count, { lane })];
}

/**
 * pg18/app is lane 1, pg18/shop lane 2, pg19/app lane 3; statements 1 to 3. Traffic in minutes 0 and 1, nothing but the
 * service in minute 2, nobody in minutes 3 to 5, pg18 down in minute 7.
 */
export function appendWatched(log: EventLog): void {
  const { lanes, statements } = log;
  const [app, shop, other] = [
    lanes.register("pg18", "app"),
    lanes.register("pg18", "shop"),
    lanes.register("pg19", "app"),
  ];
  for (const sql of ["select 1 from a", "select 2 from b", "select 3 from c"]) statements.register(sql);
  const mirrorings = ["pg18", "pg19"].map((name) => ({ name, settings: {}, exposure: 1 }));
  const at = (minute: number): number => BEGIN + minute * MINUTE + SECOND;
  const error = { lane: app, statement: 2, request: 7 };
  log.appendBatch([runStarted(BEGIN, { mirrorings }), ...calls(at(0), app, 1, 40)]);
  log.appendBatch([
    queued(at(1), error),
    errored(at(1), error),
    queued(at(1), { lane: app, statement: 2, request: 8 }),
    mirrored(at(1), { lane: app, statement: 2, request: 8, parity: "different_rows" }),
    dropped(at(1), { lane: shop, statement: 3, request: 9 }),
    skipped(at(1), 5, { lane: app }),
    unrecorded(at(1), { lane: null, requests: 3, cause: "write_failed" }),
    tallied(at(1), 7, { lane: app }),
    tallied(at(1), 1, { lane: shop }),
    ...calls(at(1), other, 1, 2),
  ]);
  log.appendBatch([runStopped(BEGIN + 3 * MINUTE)]);
  log.appendBatch([runStarted(BEGIN + 6 * MINUTE, { run: 2, mirrorings })]);
  log.appendBatch([
    observationChanged(BEGIN + 7 * MINUTE, "mirror_down"),
    observationChanged(BEGIN + 8 * MINUTE, "observing"),
    tallied(BEGIN + 10 * MINUTE - SECOND, 0, { lane: app }),
  ]);
}
