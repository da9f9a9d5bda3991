// What a soak prints: how requests ended, what failed and why, and what nothing explains.

import { textTable } from "../../src/projections/text-table.ts";
import type { Explained } from "./explain.ts";
import { columns } from "./columns.ts";
import type { Books, Outcome } from "./read-outcomes.ts";

const UNEXPLAINED_SHOWN_MAX = 20;
/** Outcomes of the same session that are shown before one that nothing explains. */
const BEFORE = 12;

function count<T>(items: Iterable<T>, keyOf: (item: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}

const endOf = ({ event }: Outcome): string => {
  switch (event.kind) {
    case "mirrored":
      return `mirrored ${event.parity}`;
    case "errored":
      return `errored ${event.category} ${event.attribution} ${event.sqlstate || "-"}`;
    case "dropped":
      return `dropped ${event.reason}`;
  }
};

const short = (text: string): string => (text.length > 90 ? `${text.slice(0, 89)}…` : text);

/** Counts by outcome, then by SQLSTATE × statement with their reasons. */
export function reportCounts(books: Books, explained: readonly Explained[]): string {
  const ends = count(books.outcomes.values(), endOf).map(([end, requests]) => [end, String(requests)]);
  // In an outage anything may fail: only what is about the statement itself names it.
  const failures = count(explained, ({ outcome, reason }) => {
    const isOutage = reason !== null && /outage|killed/.test(reason);
    return [endOf(outcome), isOutage ? "(any)" : short(outcome.statement), reason ?? "UNEXPLAINED"].join("\t");
  }).map(([key, requests]) => [...key.split("\t"), String(requests)]);
  return [
    textTable(columns("outcome", "requests"), ends),
    textTable(columns("outcome", "first statement", "reason", "requests"), failures),
  ].join("\n");
}

/** One of each kind, with what its session did before. */
export function reportUnexplained(
  books: Books,
  unexplained: readonly Outcome[],
  diaryOf: (owner: number) => string,
): string {
  const all = [...books.outcomes.values()].toSorted((a, b) => a.event.request - b.event.request);
  const kinds = new Map(unexplained.map((one) => [`${endOf(one)} ${one.statement}`, one]));
  return [...kinds.values()]
    .slice(0, UNEXPLAINED_SHOWN_MAX)
    .map((one) => {
      const own = all.filter(({ session }) => session !== null && session === one.session);
      const at = own.indexOf(one);
      const lines = own.slice(Math.max(0, at - BEFORE), at + 3).map((outcome) => {
        const { event } = outcome;
        const message = event.kind === "errored" ? ` (${event.message})` : "";
        const root = event.kind !== "dropped" && event.root !== null ? ` root ${event.root}` : "";
        return `${outcome === one ? ">" : " "} ${event.request} ${endOf(outcome)}${root}: ${short(outcome.statement)}${message}`;
      });
      const owner = own
        .map(({ statement }) => /soak\.owner_(\d+)/.exec(statement)?.[1])
        .find((found) => found !== undefined);
      return [
        `session ${one.session} (owner ${owner ?? "?"})`,
        ...lines,
        owner === undefined ? "" : diaryOf(Number(owner)),
      ].join("\n");
    })
    .join("\n\n");
}
