// The log as server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html): what is there behind a position,
// then what comes. Nothing is kept for a slow reader: the log itself is the buffer, and a page of it is read when the last
// one has been taken. A reader that takes nothing for SLOW_MS is cut off; it may come back with its Last-Event-ID.

import { setTimeout as sleep } from "node:timers/promises";
import type { EventPageQuery } from "../projections/event-page.ts";
import { isUnreadable } from "./is-unreadable.ts";
import type { LogEnd } from "./log-end.ts";
import type { EventLine, EventLines, LogQuestions } from "./log-questions.ts";
import { createTextStream } from "./text-stream.ts";

const PAGE_EVENTS = 500;
/** How soon a new batch is seen. */
const POLL_MS = 100;
/** After so much silence the client hears the position, which keeps the connection open and its place known. */
const HEARTBEAT_MS = 15_000;
/** How soon clients should come back. */
const RETRY_MS = 2000;

export interface EventStreamOptions {
  readonly logEnd: LogEnd;
  readonly questions: LogQuestions;
  /** Which events. */
  readonly filter: Pick<EventPageQuery, "kinds" | "mirroring" | "database">;
  readonly after: number;
  readonly end: AbortSignal;
  /** See TextStreamOptions. */
  readonly isAllowed: () => boolean;
  /** Called once, when nothing more will be sent. */
  readonly onEnd: () => void;
  /** Called when the client takes nothing any more; the connection must be closed. */
  readonly onSlow: () => void;
  /** For tests; HEARTBEAT_MS and the usual time when absent. */
  readonly heartbeatMs?: number;
  readonly slowMs?: number;
}

const encodeEvent = ({ seq, kind, json }: EventLine): string => `id: ${seq}\nevent: ${kind}\ndata: ${json}\n\n`;

/** The body of the answer. Its end, however it comes, is told to `onEnd`. */
export function createEventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { end, isAllowed, onEnd, onSlow, slowMs } = options;
  return createTextStream({ pieces: (stop) => textOf(options, stop), end, isAllowed, onEnd, onSlow, slowMs });
}

async function* textOf(options: EventStreamOptions, stop: AbortSignal): AsyncGenerator<string, undefined> {
  const { logEnd, heartbeatMs = HEARTBEAT_MS } = options;
  let position = options.after;
  yield `retry: ${RETRY_MS}\n\n`;
  while (!stop.aborted) {
    const page = await readPage(options, position);
    if (page !== null) {
      position = Math.max(position, page.position);
      if (page.lines.length > 0) yield page.lines.map(encodeEvent).join("");
      if (page.next !== null) continue;
    }
    const isNews = await grown(logEnd, position, heartbeatMs, stop);
    // An id without data is no event, but the place to come back to (ibid., 9.2.6).
    if (!isNews && !stop.aborted) yield `id: ${position}\n\n`;
  }
  return undefined;
}

/** Null: the log can't be read at the moment, it is worth another try. */
async function readPage({ questions, filter }: EventStreamOptions, after: number): Promise<EventLines | null> {
  try {
    return await questions.ask({ kind: "events", ...filter, after, limit: PAGE_EVENTS, order: "asc" });
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}

/** Waits until the log ends behind `position`, for `timeoutMs` at most. Returns whether it does. */
async function grown(logEnd: LogEnd, position: number, timeoutMs: number, stop: AbortSignal): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < timeoutMs && !stop.aborted; waitedMs += POLL_MS) {
    await sleep(POLL_MS, undefined, { signal: stop }).catch(() => {});
    if ((await logEnd.seq()) > position) return true;
  }
  return false;
}
