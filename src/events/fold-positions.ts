// How far each fold has come: its row changes in the transaction that saves the fold, so that neither can be ahead.

import type { Database } from "better-sqlite3";
import type { Fold } from "./fold.ts";
import type { LogReader } from "./log-reader.ts";

/** Events folded between two commits while folds catch up. */
const CATCH_UP_EVENTS = 100_000;

interface Position {
  readonly name: string;
  readonly version: number;
  readonly seq: number;
}

export function savePositions(db: Database, folds: readonly Fold[], seq: number): void {
  const upsert = db.prepare("insert or replace into fold_position (name, version, seq) values (?, ?, ?)");
  for (const fold of folds) upsert.run(fold.name, fold.version, seq);
}

/**
 * Loads every fold and brings it to the end of the log: a fold that is new or of another version is rebuilt from the
 * beginning, one that stands behind goes on from where it is.
 */
export function catchUp(reader: LogReader, folds: readonly Fold[]): void {
  const { db } = reader;
  const lastSeq = reader.lastSeq();
  const placed = db.transaction(() => folds.map((fold) => ({ fold, start: prepare(db, fold) }))).immediate();
  const behind = placed.filter(({ start }) => start < lastSeq);
  const foldSome = db.transaction((after: number): number => {
    const last = reader.scan(
      after,
      (event) => {
        for (const { fold, start } of behind) if (event.seq > start) fold.apply(event);
      },
      CATCH_UP_EVENTS,
    );
    const moved = behind.filter(({ start }) => start < last).map(({ fold }) => fold);
    for (const fold of moved) fold.save(db);
    savePositions(db, moved, last);
    return last;
  });
  for (let after = Math.min(lastSeq, ...behind.map(({ start }) => start)); after < lastSeq;) {
    after = foldSome.immediate(after);
  }
}

/** Returns the seq that the fold stands at, ready to go on from there. */
function prepare(db: Database, fold: Fold): number {
  const select = db.prepare<[string], Position>("select name, version, seq from fold_position where name = ?");
  const position = select.get(fold.name);
  if (position !== undefined && position.version === fold.version) {
    fold.load(db);
    return position.seq;
  }
  fold.clear(db);
  db.prepare("delete from fold_position where name = ?").run(fold.name);
  return 0;
}
