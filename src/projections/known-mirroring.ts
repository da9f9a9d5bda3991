// Whether the log has heard of a mirroring: a name that it doesn't know is a typo more often than an empty answer.

import type { LogReader } from "../events/log-reader.ts";

export function isKnownMirroring({ db }: LogReader, name: string): boolean {
  const known =
    "select 1 from lane where mirroring = ? union all select 1 from observation where mirroring = ? limit 1";
  return db.prepare(known).get(name, name) !== undefined;
}
