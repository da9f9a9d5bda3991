// All projections there are: the one list that the recorder, replay, checkpoints and tests make their folds from.

import type { Fold } from "../events/fold.ts";
import { KnownFacts } from "../events/known-facts.ts";
import { createLatencyTotals } from "./latency-totals.ts";
import { createLedgerBalance } from "./ledger-balance.ts";
import { createNotes } from "./notes.ts";
import { createObservationLedger } from "./observations.ts";
import { Rollups } from "./rollups.ts";
import { StatementRollups } from "./statement-rollups.ts";
import { createMirrorStats } from "./stats.ts";

export interface ProjectionOptions {
  /** STATEMENT_CHUNK_EVENTS when absent. */
  readonly statementChunkEvents?: number | undefined;
}

/** Fresh folds; `prefix` begins the names of their tables. The fold of open requests stands apart: see OpenRequests. */
export function createProjections(prefix = "", { statementChunkEvents }: ProjectionOptions = {}): Fold[] {
  return [
    createMirrorStats(prefix),
    createLedgerBalance(prefix),
    createLatencyTotals(prefix),
    new Rollups(prefix),
    new StatementRollups(prefix, statementChunkEvents),
    createObservationLedger(prefix),
    createNotes(prefix),
    new KnownFacts(prefix),
  ];
}
