// One line of the bench's output: a budget, what was measured and what it should be.

import type { Spread } from "../../src/bench/spread.ts";

export interface Figure {
  readonly name: string;
  readonly value: Spread;
  readonly unit: string;
  readonly target: string;
  /** What the ratio was made of, for readers who want to know. */
  readonly detail?: string;
}

function numberText(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

/** `name value unit (target)`, then how much the rounds differed. */
export function figureText({ name, value, unit, target, detail }: Figure): string {
  const range = `${numberText(value.min)}..${numberText(value.max)}, rounds: ${value.rounds}`;
  const more = detail === undefined ? "" : `; ${detail}`;
  return `${name} ${numberText(value.median)} ${unit} (${target})  [${range}${more}]`;
}
