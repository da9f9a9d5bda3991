// Which events a reader wants, as SQL.

import { type Expression, type Kysely, type SelectQueryBuilder, sql, type SqlBool } from "kysely";
import { EVENT_COLUMNS } from "./event-columns.ts";
import { KIND_CODES } from "./event-kinds.ts";
import type { EventKind } from "./event.ts";
import type { EventTable, LogTables } from "./tables.ts";

/** From this code on a kind is rare and in the index `event_rare`. */
const RARE_FROM = 6;

export interface EventQuery {
  /** Events behind this seq; 0 for all. */
  readonly after: number;
  /** Events up to this seq: bounds what is read when few events are of the kinds asked for. */
  readonly upTo?: number;
  readonly limit: number;
  /** "desc": the newest first. Default "asc". */
  readonly order?: "asc" | "desc";
  /** All kinds when absent. */
  readonly kinds?: readonly EventKind[];
  /** Everywhere when absent. */
  readonly place?: EventPlace;
}

/** Where an event happened. Events of the whole log, such as notes, happened nowhere. */
interface EventPlace {
  /** Ids of lanes. */
  readonly lanes: readonly number[];
  /** Also the rare events that name it, and the epochs of all mirrorings; null: none of them. */
  readonly mirroring: string | null;
}

/** One page of rows in the order of the log. */
export function selectEvents(
  kysely: Kysely<LogTables>,
  { after, upTo, limit, order = "asc", kinds, place }: EventQuery,
): SelectQueryBuilder<LogTables, "event", EventTable> {
  let select = kysely
    .selectFrom("event")
    .select(["seq", ...EVENT_COLUMNS])
    .where("seq", ">", after);
  if (upTo !== undefined) select = select.where("seq", "<=", upTo);
  if (kinds !== undefined) {
    const codes = kinds.map((kind) => KIND_CODES[kind]);
    select = select.where("kind", "in", codes);
    // The very words of the index's own condition, or SQLite doesn't see that the index holds all of them.
    if (codes.every((code) => code >= RARE_FROM)) select = select.where("kind", ">=", sql.lit(RARE_FROM));
  }
  if (place !== undefined) select = select.where(happenedAt(place));
  return select.orderBy("seq", order).limit(limit);
}

function happenedAt({ lanes, mirroring }: EventPlace): Expression<SqlBool> {
  const inLane = sql<SqlBool>`lane in (${sql.join(lanes)})`;
  if (mirroring === null) return inLane;
  const naming = sql.join([KIND_CODES.observation_changed, KIND_CODES.epoch_started, KIND_CODES.mirror_seen]);
  return sql<SqlBool>`(${inLane} or (kind in (${naming}) and coalesce(detail ->> '$.mirroring', ${mirroring}) = ${mirroring}))`;
}
