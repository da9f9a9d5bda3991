// Statements that are prepared once for each handle. One that is prepared for a single use is finalised by the garbage
// collector, and thousands of them at once are a pause of a tenth of a second for the thread that records.

import type { Database, Statement } from "better-sqlite3";

const statements = new WeakMap<Database, Map<string, Statement>>();

/** For texts that are few and fixed; each is used in one place only, which may set its result mode. */
export function prepared<Parameters extends unknown[], Row>(db: Database, sql: string): Statement<Parameters, Row> {
  let known = statements.get(db);
  if (known === undefined) statements.set(db, (known = new Map()));
  let statement = known.get(sql);
  if (statement === undefined) known.set(sql, (statement = db.prepare(sql)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller's text says what comes and goes
  return statement as Statement<Parameters, Row>;
}
