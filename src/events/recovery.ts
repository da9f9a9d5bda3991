// What the last run could not say any more. A run that ended well says run_stopped; after any other end the next start
// records the gap and closes the requests that were under way.

import type { MirrorEvent, NewEvent } from "./event.ts";
import type { OpenRequest } from "./open-requests.ts";

/** The events to append before the next run_started; none when the last run ended well or there was none. */
export function closeLastRun(last: MirrorEvent | null, open: Iterable<OpenRequest>, nowUs: number): NewEvent[] {
  if (last === null || last.kind === "run_stopped") return [];
  // The wall clock may have gone back since: then nobody knows how long the gap was.
  const from = Math.min(last.at, nowUs);
  const events: NewEvent[] = [
    { kind: "unrecorded", at: nowUs, lane: null, from, to: nowUs, requests: null, cause: "crash" },
  ];
  for (const request of open) events.push(interrupted(request, nowUs));
  return events;
}

/** The outcome of a request whose thread or process died under it. */
export function interrupted({ request, lane, statement }: OpenRequest, nowUs: number): NewEvent {
  return { kind: "dropped", at: nowUs, request, lane, statement, reason: "interrupted", wasQueued: true };
}
