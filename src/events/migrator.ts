// Brings the schema of a log up to what this build knows, forward only and in one transaction.

import type { Database } from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import * as eventLog from "../../migrations/0001-event-log.ts";
import * as mirrorStats from "../../migrations/0002-mirror-stats.ts";
import * as rollups from "../../migrations/0003-rollups.ts";
import * as observations from "../../migrations/0004-observations.ts";
import * as checkpoint from "../../migrations/0005-checkpoint.ts";
import * as seals from "../../migrations/0006-seals.ts";
import * as latencyTotals from "../../migrations/0007-latency-totals.ts";
import * as dayRollups from "../../migrations/0008-day-rollups.ts";
import { PgsoakError } from "../errors.ts";

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-event-log": eventLog,
  "0002-mirror-stats": mirrorStats,
  "0003-rollups": rollups,
  "0004-observations": observations,
  "0005-checkpoint": checkpoint,
  "0006-seals": seals,
  "0007-latency-totals": latencyTotals,
  "0008-day-rollups": dayRollups,
};

/** Runs what is missing. Throws log_newer when the log has migrations that this build doesn't know. */
export async function migrate(db: Database, path: string): Promise<void> {
  if (missingMigrations(db, path).length === 0) return;
  // Kysely runs no migration on SQLite inside a transaction of its own: a crash would leave half a schema behind.
  db.exec("begin immediate");
  try {
    await migrateToLatest(db);
    db.exec("commit");
  } catch (error) {
    if (db.inTransaction) db.exec("rollback");
    throw error;
  }
}

/** For readers: throws log_newer, or log_unusable when the service has not brought the log up to date yet. */
export function checkSchema(db: Database, path: string): void {
  if (missingMigrations(db, path).length === 0) return;
  const message = `The event log ${path} was written by an older pgsoak. Start the service on it once to bring it up to date.`;
  throw new PgsoakError("log_unusable", message);
}

function missingMigrations(db: Database, path: string): string[] {
  const known = Object.keys(MIGRATIONS);
  const table = db.prepare("select 1 from sqlite_schema where name = 'kysely_migration'").get();
  if (table === undefined) return known;
  const done = new Set(db.prepare<[], string>("select name from kysely_migration").pluck().all());
  const unknown = [...done].filter((name) => !known.includes(name));
  if (unknown.length === 0) return known.filter((name) => !done.has(name));
  const message = `The event log ${path} was written by a newer pgsoak (${unknown.join(", ")}). Use that version, or another [events] path.`;
  throw new PgsoakError("log_newer", message);
}

async function migrateToLatest(db: Database): Promise<void> {
  // Never destroyed: that would close the handle, which belongs to the caller.
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: db }) });
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
