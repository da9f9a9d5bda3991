// The part of the facts that is about one mirroring, so that several are judged apart from one reading of the log.

import type { ReadinessFacts } from "./facts.ts";

/** `total` stays that of all: no verdict looks at it. Losses that belong to no known lane are everybody's. */
export function factsOfMirroring(facts: ReadinessFacts, mirroring: string): ReadinessFacts {
  const isOwn = (each: { readonly mirroring: string }): boolean => each.mirroring === mirroring;
  const others = facts.lanes.filter((lane) => !isOwn(lane));
  return {
    ...facts,
    unrecorded: others.reduce((rest, { counters }) => rest - counters.unrecorded, facts.unrecorded),
    mirrorings: facts.mirrorings.filter(isOwn),
    lanes: facts.lanes.filter(isOwn),
    chains: facts.chains.filter(isOwn),
    statements: facts.statements.filter(isOwn),
  };
}
