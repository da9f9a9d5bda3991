// One process writes a log. The right to do so is an exclusive SQLite lock on a file beside it, so that readers of the
// log itself are never shut out and the death of the process gives it back.

import { existsSync, lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Sqlite, { type Database } from "better-sqlite3";
import { messageOf, PgsoakError } from "../errors.ts";

export class WriterLock implements Disposable {
  readonly file: string;
  readonly #db: Database;

  private constructor(file: string, db: Database) {
    this.file = file;
    this.#db = db;
  }

  /** Takes the lock of the log at `path` at once or throws log_locked; log_unusable when it can't be tried. */
  static acquire(path: string): WriterLock {
    const file = `${targetOf(path)}.lock`;
    let db: Database | null = null;
    try {
      db = new Sqlite(file, { timeout: 0 });
      db.exec("begin exclusive");
      return new WriterLock(file, db);
    } catch (error) {
      db?.close();
      throw refusal(error, path, file);
    }
  }

  release(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function refusal(error: unknown, path: string, file: string): PgsoakError {
  if (error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY")) {
    const message = `Another pgsoak writes the event log ${path} (it holds ${file}). Stop it, or choose another [events] path.`;
    return new PgsoakError("log_locked", message, { cause: error });
  }
  const message = `The lock file ${file} of the event log can't be used (${messageOf(error)}).`;
  return new PgsoakError("log_unusable", message, { cause: error });
}

/** The file behind all links: two paths to one log must meet at one lock. */
function targetOf(path: string): string {
  try {
    if (existsSync(path)) return realpathSync(path);
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    if (!isLink) return join(realpathSync(dirname(path)), basename(path));
  } catch (error) {
    const message = `The event log ${path} can't be reached (${messageOf(error)}).`;
    throw new PgsoakError("log_unusable", message, { cause: error });
  }
  throw new PgsoakError("log_unusable", `The event log ${path} is a link that leads nowhere.`);
}
