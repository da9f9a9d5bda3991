// The verdicts that were last given, so that the page can show one before it has asked: a question may take a while on a
// large log, and the page waits for nothing.

import type { Readiness } from "../../projections/readiness/readiness-schema.ts";

/** Windows and selections that are remembered, the latest. */
const VERDICTS_MAX = 50;

/** What was asked; with thresholds of its own nothing is remembered. */
export interface VerdictQuestion {
  readonly window?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly mirroring?: string | undefined;
  readonly database?: string | undefined;
}

export class LastVerdicts {
  readonly #verdicts = new Map<string, Readiness>();

  remember(question: VerdictQuestion, answer: Readiness): void {
    const key = keyOf(question);
    this.#verdicts.delete(key);
    this.#verdicts.set(key, answer);
    if (this.#verdicts.size <= VERDICTS_MAX) return;
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }

  of(question: VerdictQuestion): Readiness | null {
    return this.#verdicts.get(keyOf(question)) ?? null;
  }
}

function keyOf({ window, from, to, mirroring, database }: VerdictQuestion): string {
  const span = from === undefined && to === undefined ? (window ?? "all") : [from ?? null, to ?? null];
  return JSON.stringify([span, mirroring ?? null, database ?? null]);
}
