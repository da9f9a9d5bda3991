// The points of a history as CSV (RFC 4180): a line a point, names as in JSON with dots for the levels, nothing for null.

import { UNKNOWN_FIGURES } from "./figure-tree.ts";
import type { History, HistoryPoint } from "./history.ts";

type Cell = string | number | null;
type Tree = { readonly [name: string]: Cell | Tree };

const LINE_END = "\r\n";

/** The leaves in their order. */
function* leavesOf(tree: Tree, prefix = ""): Generator<[name: string, value: Cell]> {
  for (const [name, value] of Object.entries(tree)) {
    if (value === null || typeof value !== "object") yield [`${prefix}${name}`, value];
    else yield* leavesOf(value, `${prefix}${name}.`);
  }
}

/** Names alone. */
const BLANK: HistoryPoint = {
  from: "",
  to: "",
  observed_seconds: 0,
  in_flight: null,
  peak_in_flight: null,
  ...UNKNOWN_FIGURES,
};
const HEADER = [...leavesOf(BLANK)].map(([name]) => name);

/** Nothing needs quotes: names are ours, moments and numbers have no commas. */
export function historyCsv({ points }: History): string {
  const rows = points.map((point) => [...leavesOf(point)].map(([, value]) => value ?? ""));
  return [HEADER, ...rows].map((cells) => `${cells.join(",")}${LINE_END}`).join("");
}
