// What the recorder drives inside the transaction that appends a batch of events. Projections implement it.

import type { Database } from "better-sqlite3";
import type { EventKind, MirrorEvent } from "./event.ts";

export interface Fold {
  /** Key of its row in the position table. */
  readonly name: string;
  /** A higher number than the stored one means: the tables are rebuilt from the log. */
  readonly version: number;
  /** The tables that hold its state, all of them its own. */
  readonly tables: readonly string[];
  /**
   * Events up to this seq change nothing about what comes out of the later ones, so that a rebuild may begin behind it; 0
   * when the fold has none.
   */
  beginning?(db: Database): number;
  /** A run can't begin without it: it is rebuilt before, and not beside the recording. */
  readonly isNeededAtStart?: true;
  /**
   * The only kinds that change it, when all of them are rare: then it is not bothered with the frequent ones, and when it
   * alone has to be rebuilt, no other event is read, which takes no longer in a larger log.
   */
  readonly rareKinds?: readonly EventKind[];
  /** Empties its tables and its state. */
  clear(db: Database): void;
  /** Takes its state from its tables, which hold everything up to the stored position. Also called after a rollback. */
  load(db: Database): void;
  /** Folds one event into the state. Pure: no clock, no I/O. */
  apply(event: MirrorEvent): void;
  /** Writes what changed since the last load or save. Called inside the append transaction. */
  save(db: Database): void;
  /**
   * Does away with what need not be written any more, and returns how many rows wait for the next save. For a fold that
   * leads to more rows than it leaves; called inside a transaction that also saves.
   */
  settle?(db: Database): number;
}

/** Folds a batch that comes behind all that the fold has seen. */
export function applyAll(fold: Fold, events: readonly MirrorEvent[], rare: readonly MirrorEvent[]): void {
  for (const event of fold.rareKinds === undefined ? events : rare) fold.apply(event);
}
