// How far each fold has come: its row changes in the transaction that saves the fold, so that neither can be ahead.

import type { Database } from "better-sqlite3";
import type { Fold } from "./fold.ts";
import { prepared } from "./prepared.ts";

export interface FoldPosition {
  readonly name: string;
  readonly version: number;
  /** The last event that it has folded; 0 for none. */
  readonly seq: number;
}

/** `prefix` is that of the tables of the folds. */
export function savePositions(
  db: Database,
  folds: readonly Pick<Fold, "name" | "version">[],
  seq: number,
  prefix = "",
): void {
  const upsert = prepared(db, `insert or replace into ${prefix}fold_position (name, version, seq) values (?, ?, ?)`);
  for (const fold of folds) upsert.run(fold.name, fold.version, seq);
}

/** Null for a fold that has no row. */
export function readPosition(db: Database, name: string, prefix = ""): FoldPosition | null {
  const select = prepared<[string], FoldPosition>(
    db,
    `select name, version, seq from ${prefix}fold_position where name = ?`,
  );
  return select.get(name) ?? null;
}
