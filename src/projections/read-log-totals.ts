// What one scrape needs of the log: every counter of one committed snapshot, and how large the log is.

import { statSync } from "node:fs";
import { PgsoakError } from "../errors.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readStats, type StatsSnapshot } from "./read-stats.ts";

export interface LogTotals {
  /** Null while a projection is being rebuilt: series that are absent can't be taken for counters that went back. */
  readonly stats: StatsSnapshot | null;
  /** Events since it began; those of the snapshot, where there is one. */
  readonly appended: number;
  /** On disk, with the write-ahead log. */
  readonly bytes: number;
}

export async function readLogTotals(reader: LogReader): Promise<LogTotals> {
  const stats = await readWhole(reader);
  return { stats, appended: stats?.seq ?? reader.lastSeq(), bytes: bytesOf(reader.db.name) };
}

async function readWhole(reader: LogReader): Promise<StatsSnapshot | null> {
  try {
    return await readStats(reader);
  } catch (error) {
    if (error instanceof PgsoakError && error.code === "rebuilding") return null;
    throw error;
  }
}

/** A file that isn't there counts nothing. */
function bytesOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
