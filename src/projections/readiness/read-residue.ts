// What the books of each lane can't explain since the log began: the law of conservation, checked on two counts that were
// made apart. A miscount at any time puts every answer in doubt.

import type { LogReader } from "../../events/log-reader.ts";
import { type Balance, residueOf } from "../conservation.ts";

type Row = Balance & { readonly lane: number; readonly in_flight: number };

/** Residues by lane, only those that are not 0. */
export function readResidues({ db }: LogReader): Map<number, number> {
  const rows = db.prepare<[], Row>(
    `select b.lane, seen, skipped, selected, mirrored, errored, dropped, unrecorded, coalesce(f.requests, 0) as in_flight
       from ledger_balance b left join in_flight f on f.lane = b.lane where b.lane > 0`,
  );
  const residues = rows.all().map((row) => [row.lane, residueOf(row, row.in_flight)] as const);
  return new Map(residues.filter(([, residue]) => residue !== 0));
}
