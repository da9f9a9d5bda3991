// The law of conservation: whatever the tap saw is accounted for, and whatever was selected has an outcome or is in
// flight. The tap counts `seen`, the mirror side the rest, and open requests are counted on their own, so that a defect
// in any of them shows as a residue.
//
//   seen     = skipped + selected + unrecorded
//   selected = mirrored + errored + dropped + in flight
//
// `unrecorded` are requests that were seen but lost to the log: a known gap, not a residue.

/** Counts of requests of one lane since the log began. */
export interface Balance {
  readonly seen: number;
  readonly skipped: number;
  readonly selected: number;
  readonly mirrored: number;
  readonly errored: number;
  readonly dropped: number;
  readonly unrecorded: number;
}

/** Requests of one lane that the books cannot explain: |both sides' difference| of the two equations; 0 is the law. */
export function residueOf(balance: Balance, inFlight: number): number {
  const { seen, skipped, selected, mirrored, errored, dropped, unrecorded } = balance;
  return (
    Math.abs(seen - skipped - selected - unrecorded) + Math.abs(selected - mirrored - errored - dropped - inFlight)
  );
}
