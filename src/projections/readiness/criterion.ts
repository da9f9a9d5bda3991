// What a criterion is: a rule that looks at the facts place by place (mirroring × database, or mirroring) and says of each
// whether it is met. The worst place speaks for all.

import type { LaneFacts, ReadinessFacts } from "./facts.ts";
import type { Needed } from "./needed.ts";
import type { Policy, SettingName } from "./policy.ts";
import type { WeightGroup } from "./score.ts";
import { STATUSES, type Status } from "./status.ts";

/** What one criterion says of one place. */
export interface Judgement {
  readonly status: Status;
  readonly actual: number | null;
  readonly threshold: number | null;
  /** Null: all of them. */
  readonly mirroring: string | null;
  readonly database: string | null;
  /** A sentence without its full stop. */
  readonly detail: string;
  /** Of judgements with the same status the one with the highest is the worst. */
  readonly badness: number;
  /** What is missing, where more evidence helps. */
  readonly needed?: Needed | undefined;
}

export interface Criterion {
  readonly name: string;
  /** Null: it can't be changed or switched off. */
  readonly setting: SettingName | null;
  readonly group: WeightGroup | null;
  /** One judgement for each place; called only when the setting isn't off. */
  readonly judge: (facts: ReadinessFacts, policy: Policy) => readonly Judgement[];
  /** What is said when there is no place to look at. */
  readonly absent: { readonly status: "pass" | "insufficient"; readonly detail: string };
}

export const EVERYWHERE = { mirroring: null, database: null } as const;

export const placeOf = ({ mirroring, database }: LaneFacts): Pick<Judgement, "mirroring" | "database"> => {
  return { mirroring, database };
};

/** The judgement that speaks for all: the worst status, then the worst value, then the first. */
export function worstOf(judgements: readonly Judgement[]): Judgement | null {
  return judgements.reduce<Judgement | null>((worst, each) => {
    if (worst === null) return each;
    const difference = STATUSES.indexOf(each.status) - STATUSES.indexOf(worst.status);
    return difference > 0 || (difference === 0 && each.badness > worst.badness) ? each : worst;
  }, null);
}
