// The part of the facts that is about one mirroring, so that several are judged apart from one reading of the log.

import type { ReadinessFacts } from "./facts.ts";

/** `total` stays that of all: no verdict looks at it. */
export function factsOfMirroring(facts: ReadinessFacts, mirroring: string): ReadinessFacts {
  const isOwn = (each: { readonly mirroring: string }): boolean => each.mirroring === mirroring;
  return {
    ...facts,
    mirrorings: facts.mirrorings.filter(isOwn),
    lanes: facts.lanes.filter(isOwn),
    statements: facts.statements.filter(isOwn),
  };
}
