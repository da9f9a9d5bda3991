// The state of every fold as it was when the last removed event had been folded. A fold that is built anew begins with
// it instead of with nothing, and comes out as if no event had ever been removed.

import type { Database } from "better-sqlite3";
import { cloneTable, isSameTable } from "./clone-table.ts";
import { readExtent } from "./extent.ts";
import type { Fold } from "./fold.ts";
import { readPosition, savePositions } from "./fold-positions.ts";

/** Goes before the names of the tables of the checkpoint's folds. */
export const CHECKPOINT_PREFIX = "checkpoint_";

/**
 * Gives an emptied fold the checkpoint's state, and returns the seq that it stands at. Where the checkpoint knows nothing
 * of it, it begins with the first event that is left.
 */
export function restoreCheckpoint(db: Database, fold: Fold): number {
  const position = readPosition(db, fold.name, CHECKPOINT_PREFIX);
  const start = position?.seq ?? readExtent(db).removedSeq;
  const beginning = fold.beginning?.(db) ?? 0;
  if (beginning >= start) {
    savePositions(db, [fold], beginning);
    return beginning;
  }
  savePositions(db, [fold], start);
  const isKnown = fold.tables.every((table) => isSameTable(db, table, `${CHECKPOINT_PREFIX}${table}`));
  if (position?.version !== fold.version || !isKnown) return start;
  for (const table of fold.tables) {
    db.exec(`insert into "${table}" select * from main."${CHECKPOINT_PREFIX}${table}"`);
  }
  fold.load(db);
  return start;
}

/** Tables of the checkpoint's folds that openCheckpoint makes anew though they hold something. */
export function staleCheckpointTables(db: Database, folds: readonly Fold[]): string[] {
  const { removedSeq } = readExtent(db);
  return folds
    .filter((fold) => !isCurrent(db, fold, removedSeq))
    .flatMap(({ tables }) => tables.filter((table) => isSameTable(db, table, table)));
}

/**
 * Loads the checkpoint's folds, which have its prefix. Tables that are missing or no longer like the live ones are made
 * anew; the names of the folds that thereby begin in the middle of the log are returned. Called inside a transaction.
 */
export function openCheckpoint(db: Database, folds: readonly Fold[]): string[] {
  const { removedSeq } = readExtent(db);
  return folds.flatMap((fold) => {
    if (isCurrent(db, fold, removedSeq)) {
      fold.load(db);
      return [];
    }
    for (const table of fold.tables) {
      db.exec(`drop table if exists main."${table}"`);
      cloneTable(db, liveName(table), { schema: "main", prefix: CHECKPOINT_PREFIX });
    }
    fold.clear(db);
    savePositions(db, [fold], removedSeq, CHECKPOINT_PREFIX);
    return removedSeq === 0 ? [] : [fold.name];
  });
}

function isCurrent(db: Database, fold: Fold, removedSeq: number): boolean {
  const position = readPosition(db, fold.name, CHECKPOINT_PREFIX);
  if (position?.version !== fold.version || position.seq !== removedSeq) return false;
  return fold.tables.every((table) => isSameTable(db, table, liveName(table)));
}

function liveName(table: string): string {
  return table.slice(CHECKPOINT_PREFIX.length);
}
