// What `all` and `24h` mean in a question about readiness: `all` begins with the log, or with the last epoch of what is
// asked about.

import type { Kysely } from "kysely";
import type { LogReader } from "../../events/log-reader.ts";
import { requireWhole } from "../../events/projection-state.ts";
import type { LogTables } from "../../events/tables.ts";
import { readKnownExtent } from "../log-extent.ts";
import { readLastEpoch } from "../read-notes.ts";
import type { WindowBounds } from "../window.ts";

/** `wallUs` is the clock; the log may be ahead of it, and then ends later. Without a mirroring, epochs of all count alone. Throws rebuilding. */
export function readinessBounds(reader: LogReader, wallUs: number, mirroring?: string): Promise<WindowBounds> {
  return reader.kysely.transaction().execute((db) => boundsOf(reader, db, wallUs, mirroring));
}

/** The same inside a read transaction of the caller's, which `db` belongs to. Throws rebuilding. */
export async function boundsOf(
  reader: LogReader,
  db: Kysely<LogTables>,
  wallUs: number,
  mirroring?: string,
): Promise<WindowBounds> {
  requireWhole(reader.db, ["notes"]);
  const { since, lastAt } = readKnownExtent(reader);
  const now = Math.max(wallUs, lastAt + 1);
  const epoch = await readLastEpoch(db, now, mirroring ?? null);
  return { now, since: epoch?.at ?? since };
}
