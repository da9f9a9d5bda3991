// Copies the log while it is written, by SQLite's backup API, and reads the copy back before it gets its name.
//
//   one snapshot of the log ─▶ FILE.partial-PID ─▶ checked ─▶ fsync ─▶ FILE
//
// The copy is one file without a write-ahead log beside it: it may be moved, and read from a folder that nobody may write.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, type Stats, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Sqlite, { type Database } from "better-sqlite3";
import { messageOf, PgsoakError } from "../errors.ts";
import { checkLogInSteps } from "./check-log.ts";
import { openDatabase } from "./database.ts";
import type { LogReader } from "./log-reader.ts";

/** Pages copied between two looks at the stop signal: about 10 MB. */
const PAGES_PER_STEP = 2500;

export interface BackupOptions {
  /** Replaces a file that is there. */
  readonly force: boolean;
  /** Ends it with nothing left behind. */
  readonly stop: AbortSignal;
  readonly onProgress: (phase: "copying" | "checking", share: number) => void;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  /** The last event in the copy; 0 for none. */
  readonly lastSeq: number;
  /** Events of the copy that were read back and agree with their seals. */
  readonly eventsChecked: number;
}

/**
 * Returns null when it was stopped. Throws unavailable when the file may not or can't be written, log_damaged when the
 * copy is not whole. Neither leaves anything behind.
 */
export async function backupLog(source: LogReader, file: string, options: BackupOptions): Promise<BackupReport | null> {
  checkTarget(source.db.name, file, options.force);
  // Absolute, because better-sqlite3 trims what it opens, and takes `file:` for the beginning of a URI.
  const partial = resolve(`${file}.partial-${process.pid}`);
  try {
    const lastSeq = await copy(source, partial, options);
    const eventsChecked = lastSeq === null ? null : await check(partial, lastSeq, options);
    if (lastSeq === null || eventsChecked === null) return null;
    syncToDisk(partial);
    checkTarget(source.db.name, file, options.force);
    renameSync(partial, file);
    syncToDisk(dirname(file));
    return { file, bytes: statSync(file).size, lastSeq, eventsChecked };
  } catch (error) {
    if (error instanceof PgsoakError) throw error;
    throw new PgsoakError("unavailable", `The backup ${file} can't be written (${messageOf(error)}).`, {
      cause: error,
    });
  } finally {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${partial}${suffix}`, { force: true });
  }
}

function checkTarget(source: string, file: string, force: boolean): void {
  const refuse = (why: string): never => {
    throw new PgsoakError("unavailable", `The backup ${file} can't be written: ${why}.`);
  };
  if (statOf(dirname(file))?.isDirectory() !== true) refuse("its folder doesn't exist");
  const stats = statOf(file);
  if (stats !== null) {
    const log = statSync(source);
    if (stats.ino === log.ino && stats.dev === log.dev) refuse("that is the log itself");
    if (!stats.isFile()) refuse("there is something else of that name");
    if (!force) refuse("the file is there already. Choose another name, or replace it with --force");
  }
  // SQLite would take it for a part of the new file.
  if (statOf(`${file}-wal`) !== null) {
    refuse(`${basename(file)}-wal stands beside it, which belongs to a log that is in use or was not closed`);
  }
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Returns the seq of the last event in the copy, or null when it was stopped. */
async function copy({ db }: LogReader, partial: string, options: BackupOptions): Promise<number | null> {
  // One snapshot: without it every commit of the service would make the copy begin anew.
  db.exec("begin");
  try {
    const last = db.prepare<[], number>("select coalesce(max(seq), 0) from event").pluck().get()!;
    await db.backup(partial, {
      progress: ({ totalPages, remainingPages }) => {
        options.stop.throwIfAborted();
        options.onProgress("copying", totalPages === 0 ? 0 : 1 - remainingPages / totalPages);
        return PAGES_PER_STEP;
      },
    });
    return options.stop.aborted ? null : last;
  } catch (error) {
    if (options.stop.aborted) return null;
    throw error;
  } finally {
    db.exec("commit");
  }
}

/** Returns how many events were read back, or null when it was stopped. */
async function check(partial: string, lastSeq: number, options: BackupOptions): Promise<number | null> {
  closeToOneFile(partial);
  using db = disposable(openDatabase(partial, { readonly: true }));
  const found = db.db.prepare<[], number>("select coalesce(max(seq), 0) from event").pluck().get()!;
  if (found !== lastSeq) throw broken(partial, `it ends at event ${found} instead of ${lastSeq}`);
  const steps = checkLogInSteps(db.db);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) {
      const { events, findings } = step.value;
      if (findings.length > 0) throw broken(partial, findings.join("; "));
      return events;
    }
    options.onProgress("checking", step.value);
    await nextTurn();
    if (options.stop.aborted) return null;
  }
}

/** Takes the mark of the write-ahead log out of the copy's header; a service that opens it sets it again. */
function closeToOneFile(partial: string): void {
  const db = new Sqlite(partial, { fileMustExist: true });
  try {
    db.pragma("journal_mode = delete");
  } finally {
    db.close();
  }
}

const disposable = (db: Database): { readonly db: Database } & Disposable => ({
  db,
  [Symbol.dispose]: () => db.close(),
});

function broken(partial: string, why: string): PgsoakError {
  const message = `The copy of the event log is not whole, so it was not kept (${why}). The log itself is damaged, or the disk of ${dirname(partial)} is.`;
  return new PgsoakError("log_damaged", message);
}

/** Only of files that SQLite has closed: see database.ts. */
function syncToDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
