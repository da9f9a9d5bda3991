// A setting of a mirroring at a window's end: what its run said last, unless that has changed since the window.

import type { Kysely } from "kysely";
import { z } from "zod";
import type { LogTables } from "../../events/tables.ts";
import type { NoteTables } from "../notes.ts";

type KnownTables = { known_facts: { mirroring: string; scope: string; facts: string } };

const settingsSchema = z.record(z.string(), z.string());

/** Null: the log doesn't say. `to` in microseconds since the Unix epoch; called inside a transaction. */
export async function readSetting(
  db: Kysely<LogTables>,
  to: number,
  mirroring: string,
  name: string,
): Promise<string | null> {
  const changes = db.withTables<NoteTables>().selectFrom("epoch").select("before");
  const changed = changes.where("mirroring", "=", mirroring).where("what", "=", name).where("at", ">=", to);
  // Without a value before it is a person's word, which may be the name of a setting too.
  const next = await changed.where("before", "!=", "").orderBy("seq").limit(1).executeTakeFirst();
  if (next !== undefined) return next.before;
  const known = db.withTables<KnownTables>().selectFrom("known_facts").select("facts");
  const row = await known.where("mirroring", "=", mirroring).where("scope", "=", "settings").executeTakeFirst();
  return row === undefined ? null : (settingsSchema.parse(JSON.parse(row.facts))[name] ?? null);
}
