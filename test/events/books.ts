// Checks what must hold in any log, whatever happened to its writers: numbers without gaps, no request twice, and the
// law of conservation, from the events alone.

import { expect } from "vitest";
import type { MirrorEvent } from "../../src/events/event.ts";
import type { LogReader } from "../../src/events/log-reader.ts";

export interface Books {
  readonly events: MirrorEvent[];
  readonly seen: number;
  readonly queued: number;
  readonly outcomes: number;
  /** Requests that the ring refused. */
  readonly unrecorded: number;
  readonly interrupted: number;
  /** Spans that nobody could record. */
  readonly gaps: number;
  /** Requests without an outcome at the end, as run and id. */
  readonly open: ReadonlySet<string>;
}

/** Reads the whole log. Skipped requests and drops without a queued event are not expected in it. */
export function readBooks(reader: LogReader): Books {
  const events: MirrorEvent[] = [];
  const open = new Set<string>();
  const known = new Set<string>();
  const sums = { seen: 0, queued: 0, outcomes: 0, unrecorded: 0, interrupted: 0, gaps: 0 };
  let run = 0;
  reader.scan(0, (event) => {
    events.push(event);
    expect(event.seq).toBe(events.length);
    if (event.kind === "run_started") run = event.run;
    else if (event.kind === "tallied") sums.seen += event.seen;
    else if (event.kind === "unrecorded" && event.requests !== null) sums.unrecorded += event.requests;
    else if (event.kind === "unrecorded") sums.gaps++;
    else if (event.kind === "queued") {
      const id = `${event.run} ${event.request}`;
      expect(event.run).toBe(run);
      if (known.has(id)) throw new Error(`request ${id} is queued twice`);
      known.add(id);
      open.add(id);
      sums.queued++;
    } else if (event.kind === "mirrored" || event.kind === "errored" || event.kind === "dropped") {
      const id = `${run} ${event.request}`;
      if (!open.delete(id)) throw new Error(`request ${id} ends twice, or without a beginning`);
      sums.outcomes++;
      if (event.kind === "dropped") sums.interrupted++;
    }
  });
  return { events, open, ...sums };
}

/** The law: what was seen is selected or known to be lost, and what was selected has one outcome or is open. */
export function expectBalance(books: Books): void {
  expect(books.seen).toBe(books.queued + books.unrecorded);
  expect(books.queued).toBe(books.outcomes + books.open.size);
}
