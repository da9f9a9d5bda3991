// Questions about one mirroring or database: a name that the log doesn't know is a typo, not an empty answer.

import type { LogReader } from "../../events/log-reader.ts";
import { isKnownMirroring } from "../known-mirroring.ts";
import type { Selection } from "./read-facts.ts";

export interface UnknownName {
  readonly field: "mirroring" | "database";
  readonly message: string;
}

/** The first name that the log doesn't know; null when it knows them. */
export function checkSelection(reader: LogReader, { mirroring, database }: Selection): UnknownName | null {
  if (mirroring !== undefined && !isKnownMirroring(reader, mirroring)) {
    return { field: "mirroring", message: "no mirroring has this name" };
  }
  const databases = "select 1 from lane where database = ? and (? is null or mirroring = ?) limit 1";
  const of = mirroring ?? null;
  if (database !== undefined && reader.db.prepare(databases).get(database, of, of) === undefined) {
    return { field: "database", message: "no request has asked for a database of this name" };
  }
  return null;
}
