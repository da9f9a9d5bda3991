// How a mirroring compared results at a window's end: what its run said last, unless that has changed since the window.

import type { Kysely } from "kysely";
import { z } from "zod";
import type { Compare } from "../../config/config.ts";
import type { LogTables } from "../../events/tables.ts";
import type { NoteTables } from "../notes.ts";

type KnownTables = { known_facts: { mirroring: string; scope: string; facts: string } };

/** The name of the setting among those of a run. */
const SETTING = "compare";
const COMPARES: readonly Compare[] = ["off", "rows", "content"];
const settingsSchema = z.record(z.string(), z.string());

/** Null: the log doesn't say. `to` in microseconds since the Unix epoch; called inside a transaction. */
export async function readCompare(db: Kysely<LogTables>, to: number, mirroring: string): Promise<Compare | null> {
  const changes = db.withTables<NoteTables>().selectFrom("epoch").select("before");
  const changed = changes.where("mirroring", "=", mirroring).where("what", "=", SETTING).where("at", ">=", to);
  const next = await changed.orderBy("seq").limit(1).executeTakeFirst();
  if (next !== undefined) return compareOf(next.before);
  const known = db.withTables<KnownTables>().selectFrom("known_facts").select("facts");
  const row = await known.where("mirroring", "=", mirroring).where("scope", "=", "settings").executeTakeFirst();
  return row === undefined ? null : compareOf(settingsSchema.parse(JSON.parse(row.facts))[SETTING]);
}

const compareOf = (said: string | undefined): Compare | null => COMPARES.find((each) => each === said) ?? null;
