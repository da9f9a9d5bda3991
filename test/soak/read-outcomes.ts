// Reads the log of a soak: what became of every request, in the order of the log, with the words of its statement and
// the session that it belongs to.

import type { EventOf, MirrorEvent } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { createEventNames } from "../../src/projections/event-names.ts";

export type OutcomeEvent = EventOf<"mirrored" | "errored" | "dropped">;

export interface Outcome {
  readonly event: OutcomeEvent;
  /** Normalised; "" when it has none. */
  readonly statement: string;
  /** pgsoak's number of the session; null when it was never queued. */
  readonly session: number | null;
}

export interface Books {
  readonly seen: number;
  readonly skipped: number;
  readonly unrecorded: number;
  readonly queued: number;
  /** By request. */
  readonly outcomes: ReadonlyMap<number, Outcome>;
  /** Requests with more than one outcome. */
  readonly twice: readonly number[];
}

export function readBooks(path: string): Books {
  using reader = openReader(path);
  const names = createEventNames(reader.db);
  const sessions = new Map<number, number>();
  const outcomes = new Map<number, Outcome>();
  const twice: number[] = [];
  let [seen, skipped, unrecorded] = [0, 0, 0];
  reader.scan(0, (event: MirrorEvent) => {
    if (event.kind === "tallied") seen += event.seen;
    else if (event.kind === "skipped") skipped += event.count;
    else if (event.kind === "unrecorded") unrecorded += event.requests ?? 0;
    else if (event.kind === "queued") sessions.set(event.request, event.session);
    else if (event.kind === "mirrored" || event.kind === "errored" || event.kind === "dropped") {
      if (outcomes.has(event.request)) twice.push(event.request);
      const statement = names.statement(event.statement)?.text ?? "";
      outcomes.set(event.request, { event, statement, session: sessions.get(event.request) ?? null });
    }
  });
  return { seen, skipped, unrecorded, queued: sessions.size, outcomes, twice };
}
