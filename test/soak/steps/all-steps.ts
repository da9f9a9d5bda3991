// Every step there is, and the choice among them.

import type { Random } from "../random.ts";
import { CANCEL_STEPS } from "./cancels.ts";
import { COPY_STEPS } from "./copies.ts";
import { EXTENDED_STEPS } from "./extended.ts";
import { FAULTY_STEPS } from "./faulty.ts";
import { ODD_TRANSACTION_STEPS } from "./odd-transactions.ts";
import { PIPELINE_STEPS } from "./pipelines.ts";
import { PORTAL_STEPS } from "./portals.ts";
import { REFUSED_NAME_STEPS } from "./refused-names.ts";
import { SESSION_OBJECT_STEPS } from "./session-objects.ts";
import { SETTING_STEPS } from "./settings.ts";
import { SIMPLE_STEPS } from "./simple.ts";
import type { Step } from "./step.ts";
import { TRANSACTION_STEPS } from "./transactions.ts";
import { UNDONE_SETTING_STEPS } from "./undone-settings.ts";

const SOUND_STEPS: readonly Step[] = [
  ...SIMPLE_STEPS,
  ...EXTENDED_STEPS,
  ...REFUSED_NAME_STEPS,
  ...PIPELINE_STEPS,
  ...TRANSACTION_STEPS,
  ...ODD_TRANSACTION_STEPS,
  ...COPY_STEPS,
  ...SETTING_STEPS,
  ...UNDONE_SETTING_STEPS,
  ...SESSION_OBJECT_STEPS,
  ...PORTAL_STEPS,
  ...CANCEL_STEPS,
];

export interface StepChoice {
  /** Steps that meet the faults too. */
  readonly faults: boolean;
  /** Names; empty: all. */
  readonly only: readonly string[];
  readonly without: readonly string[];
}

/** Throws for a name that no step has. */
export function chooseSteps({ faults, only, without }: StepChoice): readonly Step[] {
  const all = faults ? [...SOUND_STEPS, ...FAULTY_STEPS] : SOUND_STEPS;
  for (const name of [...only, ...without]) {
    if (!all.some((step) => step.name === name)) throw new Error(`there is no step "${name}"`);
  }
  return all.filter(({ name }) => (only.length === 0 || only.includes(name)) && !without.includes(name));
}

/** One of them, by their weights. */
export function pickStep(steps: readonly Step[], random: Random): Step {
  let left = random.next() * steps.reduce((sum, step) => sum + step.weight, 0);
  return steps.find((step) => (left -= step.weight) < 0) ?? steps[0]!;
}
