// Whether what a projection says is the truth: one that is being rebuilt has folded a part of the log only, and half a
// number looks like a whole one.

import type { Database } from "better-sqlite3";
import { type Kysely, sql } from "kysely";
import { PgsoakError } from "../errors.ts";
import type { LogTables } from "./tables.ts";

export interface ProjectionState {
  readonly projection: string;
  /** The last event that it has folded. */
  readonly done: number;
  /** The last event of the log. */
  readonly of: number;
  /** done = of */
  readonly isWhole: boolean;
}

/**
 * Every projection of the log. Ask inside the transaction that reads the projections' tables: then both belong to one
 * snapshot.
 */
export function projectionState(db: Database): ProjectionState[] {
  const select = db.prepare<[], { projection: string; done: number; of: number }>(
    `select name as projection, seq as done, (select coalesce(max(seq), 0) from event) as "of"
     from fold_position order by name`,
  );
  return select.all().map((state) => ({ ...state, isWhole: state.done === state.of }));
}

/** Throws rebuilding unless all of these stand at the end of the log. Ask inside the transaction that reads them. */
export function requireWhole(db: Database, projections: readonly string[]): void {
  refuseBehind(projectionState(db), projections);
}

/** The same for a read by Kysely: `db` is the transaction. */
export async function requireWholeIn(db: Kysely<LogTables>, projections: readonly string[]): Promise<void> {
  const of = sql<number>`(select coalesce(max(seq), 0) from event)`;
  const select = db.selectFrom("fold_position").select(["name as projection", "seq as done", of.as("of")]);
  const states = await select.orderBy("name").execute();
  refuseBehind(
    states.map((state) => ({ ...state, isWhole: state.done === state.of })),
    projections,
  );
}

function refuseBehind(states: readonly ProjectionState[], projections: readonly string[]): void {
  const behind = states.find((state) => projections.includes(state.projection) && !state.isWhole);
  if (behind === undefined) return;
  const percent = Math.floor((behind.done / behind.of) * 100);
  const message = `The projection ${behind.projection} is being rebuilt (${percent}%): ask again when it is whole.`;
  throw new PgsoakError("rebuilding", message);
}
