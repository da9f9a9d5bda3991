// The statements of one bucket of time, by lane. When it closes, the ones that matter keep a row of their own and the
// rest of each lane is added up.

import { StatementRollup } from "./statement-rollup.ts";

/** The statement of what has no row of its own: not kept by the log, or beyond a bound. */
const OTHER_STATEMENTS = 0;
/** Statements × lanes that an open bucket tells apart. */
const KNOWN_MAX = 5000;
/** Statements × lanes that keep a row of their own. */
const KEPT_MAX = 200;

export interface StatementEntry {
  readonly lane: number;
  readonly statement: number;
  readonly rollup: StatementRollup;
  isChanged: boolean;
}

const keyOf = (lane: number, statement: number): number => lane * 2 ** 32 + statement;

/** Those with problems first, then the busiest; a tie goes by number, so that the choice is always the same. */
function byImportance(a: StatementEntry, b: StatementEntry): number {
  const [x, y] = [a.rollup, b.rollup];
  return y.problems - x.problems || y.calls - x.calls || a.lane - b.lane || a.statement - b.statement;
}

export class StatementBucket {
  readonly #entries = new Map<number, StatementEntry>();

  get size(): number {
    return this.#entries.size;
  }

  entries(): Iterable<StatementEntry> {
    return this.#entries.values();
  }

  /** By lane, then statement: what is merged in this order comes out the same, read from rows or not. */
  inOrder(): StatementEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.lane - b.lane || a.statement - b.statement);
  }

  /** The statement's rollup, made when it is missing, for changing; that of OTHER_STATEMENTS beyond the bound. */
  touch(lane: number, statement: number): StatementRollup {
    const isBeyond = this.#entries.size >= KNOWN_MAX && !this.#entries.has(keyOf(lane, statement));
    return this.restore(lane, isBeyond ? OTHER_STATEMENTS : statement);
  }

  /**
   * The same for a row of this very bucket. What it told apart stays apart, in whatever order its rows come: the ones of
   * OTHER_STATEMENTS came last and have no place within the bound.
   */
  restore(lane: number, statement: number): StatementRollup {
    const key = keyOf(lane, statement);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { lane, statement, rollup: new StatementRollup(), isChanged: true };
      this.#entries.set(key, entry);
    }
    entry.isChanged = true;
    return entry.rollup;
  }

  /** Keeps the most important statements and adds the rest of each lane to its OTHER_STATEMENTS. */
  trim(): void {
    const named = [...this.#entries.values()].filter(({ statement }) => statement !== OTHER_STATEMENTS);
    if (named.length <= KEPT_MAX) return;
    const rest = named.toSorted(byImportance).slice(KEPT_MAX);
    // In the order of their numbers: which message is the first of a SQLSTATE depends on it.
    for (const { lane, statement, rollup } of rest.toSorted((a, b) => a.lane - b.lane || a.statement - b.statement)) {
      this.#entries.delete(keyOf(lane, statement));
      this.touch(lane, OTHER_STATEMENTS).merge(rollup);
    }
  }
}
