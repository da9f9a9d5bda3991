// How a mirroring compared results at a window's end.

import type { Kysely } from "kysely";
import type { Compare } from "../../config/config.ts";
import type { LogTables } from "../../events/tables.ts";
import { readSetting } from "./read-setting.ts";

const COMPARES: readonly Compare[] = ["off", "rows", "content"];

/** Null: the log doesn't say. `to` in microseconds since the Unix epoch; called inside a transaction. */
export async function readCompare(db: Kysely<LogTables>, to: number, mirroring: string): Promise<Compare | null> {
  const said = await readSetting(db, to, mirroring, "compare");
  return COMPARES.find((each) => each === said) ?? null;
}
