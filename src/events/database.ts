// Opens the SQLite file of the log and says in the operator's words why it can't be used. Nothing here ever replaces or
// repairs a file.
//
// The file is touched through SQLite alone once it is open anywhere in the process: closing a second descriptor of it
// would drop the POSIX locks of every connection (sqlite.org/howtocorrupt.html, 2.2).

import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite, { type Database } from "better-sqlite3";
import { messageOf, PgsoakError } from "../errors.ts";

/** The application_id that the first migration writes. */
const APPLICATION_ID = 0x7067736b;
export const BUSY_TIMEOUT_MS = 1000;
/** A write-ahead log that a long reader made grow is cut back to this when it starts over. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

export interface DatabaseOptions {
  readonly readonly?: boolean;
  readonly synchronous?: "off" | "normal" | "full";
}

/**
 * Opens the log at `path`; a writer creates it when it is missing or has 0 bytes.
 * Throws log_missing, log_unusable or log_damaged.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const readonly = options.readonly ?? false;
  checkFile(path, readonly);
  let db: Database | null = null;
  try {
    db = new Sqlite(path, { readonly, fileMustExist: readonly, timeout: BUSY_TIMEOUT_MS });
    const isFresh = checkContent(db, path, readonly);
    configure(db, options, isFresh);
    return db;
  } catch (error) {
    db?.close();
    throw explainSqliteError(error, path);
  }
}

/** What happened to the log, for people: SQLite's own codes say little about what to do. */
export function explainSqliteError(error: unknown, path: string): unknown {
  if (error instanceof PgsoakError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const reason = messageOf(error);
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    const message =
      `The event log ${path} is damaged (${reason}). Nothing was changed. Restore it from a backup, or move it away ` +
      `together with ${path}-wal and ${path}-shm to begin a new log; \`sqlite3 ${path} .recover\` saves what is readable.`;
    return new PgsoakError("log_damaged", message, { cause: error });
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    const message = `Another program keeps the event log ${path} locked (${reason}). End it, or choose another [events] path.`;
    return new PgsoakError("log_locked", message, { cause: error });
  }
  if (code.startsWith("SQLITE_") || error instanceof TypeError) {
    const message = `The event log ${path} can't be used (${reason}). Check its owner, its permissions and the space on its disk.`;
    return new PgsoakError("log_unusable", message, { cause: error });
  }
  return error;
}

function checkFile(path: string, readonly: boolean): void {
  const stats = statOf(path);
  if (stats === null) {
    if (readonly) throw new PgsoakError("log_missing", `There is no event log at ${path}.`);
    if (statOf(dirname(path))?.isDirectory() === true) return;
    throw new PgsoakError("log_unusable", `The folder of the event log ${path} doesn't exist. Create it first.`);
  }
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? "a folder" : "not a regular file";
  throw new PgsoakError("log_unusable", `The event log ${path} is ${what}. Choose another [events] path.`);
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    const message = `The event log ${path} can't be reached (${messageOf(error)}).`;
    throw new PgsoakError("log_unusable", message, { cause: error });
  }
}

/** Returns whether the database is empty; anything that is not a log of pgsoak is refused. */
function checkContent(db: Database, path: string, readonly: boolean): boolean {
  const tables = db.prepare("select count(*) from sqlite_schema").pluck().get();
  if (tables === 0) {
    if (readonly) throw new PgsoakError("log_missing", `The event log ${path} is still empty.`);
    return true;
  }
  if (db.pragma("application_id", { simple: true }) === APPLICATION_ID) return false;
  const message = `${path} is a SQLite file of another application, not an event log. Choose another [events] path.`;
  throw new PgsoakError("log_unusable", message);
}

function configure(db: Database, options: DatabaseOptions, isFresh: boolean): void {
  // No memory map: a file that is cut short under it would end the whole process with SIGBUS, clients and all.
  db.pragma("mmap_size = 0");
  db.pragma("foreign_keys = off");
  db.pragma("temp_store = memory");
  db.pragma("cache_size = -8000");
  if (options.readonly === true) return;
  // Retention gives pages back by incremental vacuum, which only a new database can be made ready for.
  if (isFresh) db.pragma("auto_vacuum = incremental");
  db.pragma("journal_mode = wal");
  db.pragma(`synchronous = ${options.synchronous ?? "normal"}`);
  db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
  // SQLite opens a file that it may only read without a word; this writes to it.
  db.pragma("user_version = 0");
}
