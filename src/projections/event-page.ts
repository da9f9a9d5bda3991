// One page of the raw log: filtered, in either direction, and bounded in the events that it looks at, so that a question
// that few events answer takes many short reads and never one long one.

import type { EventQuery } from "../events/event-query.ts";
import { KIND_CODES } from "../events/event-kinds.ts";
import type { EventKind, MirrorEvent } from "../events/event.ts";
import type { LogReader } from "../events/log-reader.ts";

/** Events that one page looks at; at 1.5 million a second. */
const LOOKED_AT_MAX = 500_000;

export interface EventPageQuery {
  /** Events behind this seq. */
  readonly after?: number | undefined;
  /** Events before this seq. */
  readonly before?: number | undefined;
  /** Events of `[from, to)`, microseconds since the Unix epoch. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly kinds?: readonly EventKind[] | undefined;
  readonly mirroring?: string | undefined;
  readonly database?: string | undefined;
  readonly limit: number;
  /** "desc": the newest first. */
  readonly order: "asc" | "desc";
}

interface EventPage {
  readonly events: readonly MirrorEvent[];
  /** To go on: the `after` (asc) or `before` (desc) of the next page; null at the end. A page may be empty and not the last. */
  readonly next: number | null;
  /** Up to which seq (asc), or down to which, everything that was asked for is in this page. */
  readonly position: number;
}

/** Throws log_newer or log_damaged. */
export async function readEventPage(reader: LogReader, query: EventPageQuery): Promise<EventPage> {
  const { order, limit, kinds } = query;
  const [low, high] = rangeOf(reader, query);
  const isRare = kinds !== undefined && kinds.every((kind) => KIND_CODES[kind] >= KIND_CODES.unrecorded);
  const lookedAt = isRare ? Number.POSITIVE_INFINITY : LOOKED_AT_MAX;
  const isUp = order === "asc";
  const after = isUp ? low : Math.max(low, high - lookedAt);
  const upTo = isUp ? Math.min(high, low + lookedAt) : high;
  const events = limit === 0 || upTo <= after ? [] : await reader.readEvents(pageOf(reader, query, after, upTo));
  const last = events.at(-1)?.seq;
  if (events.length === limit && last !== undefined) {
    const isEnd = isUp ? last >= high : last <= low + 1;
    return { events, next: isEnd ? null : last, position: last };
  }
  const position = isUp ? Math.max(low, upTo) : after + 1;
  const isEnd = isUp ? upTo >= high : after <= low;
  return { events, next: isEnd ? null : position, position };
}

/** The seqs that are asked for: behind the first number, up to the second. */
function rangeOf(reader: LogReader, { after, before, from, to }: EventPageQuery): [low: number, high: number] {
  const first = from === undefined ? 0 : reader.seqAt(from) - 1;
  const last = to === undefined ? reader.lastSeq() : reader.seqAt(to) - 1;
  return [Math.max(0, after ?? 0, first), Math.min(before === undefined ? last : before - 1, last)];
}

function pageOf(reader: LogReader, query: EventPageQuery, after: number, upTo: number): EventQuery {
  const { kinds, mirroring, database, limit, order } = query;
  const page = { after, upTo, limit, order, ...(kinds === undefined ? {} : { kinds }) };
  if (mirroring === undefined && database === undefined) return page;
  const lanes = reader
    .lanes()
    .filter((lane) => lane.mirroring === (mirroring ?? lane.mirroring) && lane.database === (database ?? lane.database))
    .map(({ id }) => id);
  return { ...page, place: { lanes, mirroring: database === undefined ? (mirroring ?? null) : null } };
}
