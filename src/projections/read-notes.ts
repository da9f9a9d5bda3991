// Reads markers and epochs.

import type { Kysely } from "kysely";
import { requireWholeIn } from "../events/projection-state.ts";
import type { LogTables } from "../events/tables.ts";
import type { EpochRow, MarkerRow, NoteTables } from "./notes.ts";
import type { Window } from "./window.ts";

export interface MarkerPage {
  /** The last seq that is known already; 0: none. */
  readonly after: number;
  readonly limit: number;
}

/** Markers of the window behind `after` in the order of the log, `limit` at most. One read transaction. Throws rebuilding. */
export function readMarkers(db: Kysely<LogTables>, window: Window, page: MarkerPage): Promise<MarkerRow[]> {
  return db.transaction().execute((snapshot) => markersOf(snapshot, window, page));
}

/** The same inside a read transaction of the caller's. */
export async function markersOf(
  db: Kysely<LogTables>,
  { from, to }: Window,
  { after, limit }: MarkerPage,
): Promise<MarkerRow[]> {
  await requireWholeIn(db, ["notes"]);
  const markers = db.withTables<NoteTables>().selectFrom("marker").selectAll().where("seq", ">", after);
  return markers.where("at", ">=", from).where("at", "<", to).orderBy("seq").limit(limit).execute();
}

/** Epochs of the window in the order of the log, whomever they concern. `db` is a transaction. Throws rebuilding. */
export async function readEpochs(db: Kysely<LogTables>, { from, to }: Window): Promise<EpochRow[]> {
  await requireWholeIn(db, ["notes"]);
  const epochs = db.withTables<NoteTables>().selectFrom("epoch").selectAll();
  return epochs.where("at", ">=", from).where("at", "<", to).orderBy("seq").execute();
}

/**
 * The latest epoch before `to` (microseconds since the Unix epoch) that this mirroring has, alone or with all others; with
 * null only those of all. Null when there was none. `db` is a transaction. Throws rebuilding.
 */
export async function readLastEpoch(
  db: Kysely<LogTables>,
  to: number,
  mirroring: string | null,
): Promise<EpochRow | null> {
  await requireWholeIn(db, ["notes"]);
  const epochs = db.withTables<NoteTables>().selectFrom("epoch").selectAll().where("at", "<", to);
  const own = epochs.where((where) => where.or([where("mirroring", "=", mirroring), where("mirroring", "is", null)]));
  return (await own.orderBy("seq", "desc").limit(1).executeTakeFirst()) ?? null;
}
