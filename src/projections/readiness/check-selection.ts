// Questions about one mirroring or database: a name that the log doesn't know is a typo, not an empty answer.

import type { LogReader } from "../../events/log-reader.ts";
import { isKnownMirroring } from "../known-mirroring.ts";
import type { Selection } from "./read-facts.ts";

/** That an answer lists. */
const NAMES_MAX = 10;

export interface UnknownName {
  readonly field: "mirroring" | "database";
  readonly message: string;
}

/** The first name that the log doesn't know; null when it knows them. */
export function checkSelection(reader: LogReader, { mirroring, database }: Selection): UnknownName | null {
  if (mirroring !== undefined && !isKnownMirroring(reader, mirroring)) {
    return { field: "mirroring", message: `no mirroring has this name${namesOf(reader, "mirroring")}` };
  }
  const databases = "select 1 from lane where database = ? and (? is null or mirroring = ?) limit 1";
  const of = mirroring ?? null;
  if (database !== undefined && reader.db.prepare(databases).get(database, of, of) === undefined) {
    return {
      field: "database",
      message: `no request has asked for a database of this name${namesOf(reader, "database")}`,
    };
  }
  return null;
}

/** Some of those that would have been right. */
function namesOf({ db }: LogReader, column: "mirroring" | "database"): string {
  const rows = db
    .prepare<[], string>(`select distinct ${column} from lane order by 1 limit ${NAMES_MAX}`)
    .pluck()
    .all();
  return rows.length === 0
    ? ", expected one of the log, which has none"
    : `, expected one such as ${rows.map((name) => JSON.stringify(name)).join(", ")}`;
}
