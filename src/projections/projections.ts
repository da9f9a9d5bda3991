// All projections there are: the one list that the recorder, replay, checkpoints and tests make their folds from.

import type { Fold } from "../events/fold.ts";
import { createLedgerBalance } from "./ledger-balance.ts";
import { Rollups } from "./rollups.ts";
import { createNotes } from "./notes.ts";
import { createObservationLedger } from "./observations.ts";
import { createMirrorStats } from "./stats.ts";

/** Fresh folds; `prefix` begins the names of their tables. The fold of open requests stands apart: see OpenRequests. */
export function createProjections(prefix = ""): Fold[] {
  return [
    createMirrorStats(prefix),
    createLedgerBalance(prefix),
    new Rollups(prefix),
    createObservationLedger(prefix),
    createNotes(prefix),
  ];
}
