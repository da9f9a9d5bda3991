// The mean of what was added to a running sum during the last minute, from looks at that sum.

interface Look {
  readonly atMs: number;
  readonly sum: number;
  readonly count: number;
}

export class RecentMean {
  readonly #spanMs: number;
  /** From the oldest; bounded by how often somebody looks. */
  #looks: Look[] = [];

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /**
   * Takes one look and returns the mean of the span that ends with it; null when nothing was added since the look before,
   * because what is only getting older says nothing new.
   */
  take(look: Look): number | null {
    const last = this.#looks.at(-1);
    // The sum began anew: what was before has nothing to do with it.
    if (last !== undefined && look.count < last.count) this.#looks = [];
    this.#looks = [...this.#looks.filter(({ atMs }) => atMs >= look.atMs - this.#spanMs), look];
    const { sum, count } = this.#looks[0]!;
    return look.count === last?.count || look.count === count ? null : (look.sum - sum) / (look.count - count);
  }
}
