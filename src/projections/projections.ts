// Every projection that follows the log.

import type { Fold } from "../events/fold.ts";
import { createLedgerBalance } from "./ledger-balance.ts";
import { createMirrorStats } from "./stats.ts";

/** A set of their own for each caller; `prefix` is that of its tables. */
export function createProjections(prefix = ""): Fold[] {
  return [createMirrorStats(prefix), createLedgerBalance(prefix)];
}
