// The orders in which statements are listed: what somebody should look at comes first.

import type { LatencyJson } from "./latency-json.ts";

export const STATEMENT_SORTS = ["errors", "calls", "ratio", "divergences", "latency"] as const;
export type StatementSort = (typeof STATEMENT_SORTS)[number];

interface Sortable {
  readonly fingerprint: string;
  readonly calls: number;
  readonly errored: number;
  readonly dropped: number;
  readonly divergences: number;
  readonly latency: { readonly mirror: LatencyJson };
  readonly latency_ratio: number | null;
}

const KEYS: Readonly<Record<StatementSort, (statement: Sortable) => number | null>> = {
  errors: ({ errored, dropped }) => errored + dropped,
  calls: ({ calls }) => calls,
  ratio: ({ latency_ratio: ratio }) => ratio,
  divergences: ({ divergences }) => divergences,
  latency: ({ latency }) => latency.mirror.p95_ms,
};

/** The largest first, unknown ones last; then the busiest; then by fingerprint, so that the order is always the same. */
export function bySort(sort: StatementSort): (a: Sortable, b: Sortable) => number {
  const keyOf = KEYS[sort];
  const order = (statement: Sortable): number => keyOf(statement) ?? -1;
  return (a, b) => order(b) - order(a) || b.calls - a.calls || (a.fingerprint < b.fingerprint ? -1 : 1);
}
