// What the last run could not say any more. A run that ended well says run_stopped; after any other end the next start
// records the gap. Either way it closes the requests that were under way: a proxy thread that hung or died while the process
// stopped leaves some behind a run_stopped too, and without an outcome the books would never balance again.

import type { MirrorEvent, NewEvent } from "./event.ts";
import type { OpenRequest } from "./open-requests.ts";

/** The events to append before the next run_started; none when the last run ended well and left nothing open. */
export function closeLastRun(last: MirrorEvent | null, open: Iterable<OpenRequest>, nowUs: number): NewEvent[] {
  if (last === null) return [];
  const ended = Array.from(open, (request) => interrupted(request, nowUs));
  if (last.kind === "run_stopped") return ended;
  // The wall clock may have gone back since: then nobody knows how long the gap was.
  const from = Math.min(last.at, nowUs);
  return [{ kind: "unrecorded", at: nowUs, lane: null, from, to: nowUs, requests: null, cause: "crash" }, ...ended];
}

/** The outcome of a request whose thread or process died under it. */
export function interrupted({ request, lane, statement }: OpenRequest, nowUs: number): NewEvent {
  return { kind: "dropped", at: nowUs, request, lane, statement, reason: "interrupted", wasQueued: true };
}
