// Finds the reason for every outcome that is no plain success: a fault that was put in, an outage of the mirror, or the
// consequence of one of them. What is left is pgsoak's own doing, and a defect.

import { faultOf } from "./faults.ts";
import type { Outage } from "./mirror-outages.ts";
import type { Outcome, OutcomeEvent } from "./read-outcomes.ts";

/** The clock that says when an outage began is not the one that says when a request ended. */
const SLACK_US = 250_000;

export interface Explained {
  readonly outcome: Outcome;
  /** Null: nothing explains it. */
  readonly reason: string | null;
}

export interface Circumstances {
  /** Connections to the mirror were ended. */
  readonly kills: boolean;
  /** Only a part of the writes reached the mirror, and contents are compared. */
  readonly drifts: boolean;
}

/** Whether an outcome needs a reason at all. */
function isRemarkable({ event }: Outcome): boolean {
  if (event.kind === "errored") return true;
  if (event.kind === "dropped") return false;
  return !["match", "both_failed", "unverifiable"].includes(event.parity);
}

export function explain(
  outcomes: ReadonlyMap<number, Outcome>,
  outages: readonly Outage[],
  { kills, drifts }: Circumstances,
): Explained[] {
  const reasonOf = (outcome: Outcome): string | null => {
    const { event, statement } = outcome;
    if (event.kind === "dropped") return null;
    if (event.root !== null) {
      const root = outcomes.get(event.root);
      const isRoot = root !== undefined && root !== outcome && rootOf(root.event) === null;
      const reason = isRoot ? reasonOf(root) : null;
      if (reason !== null) return `cascade of ${reason}`;
      // The root itself may have been excused, or given up: then what followed must have a reason of its own.
      return byOutage(event, outages) ?? (kills ? byKill(event) : null);
    }
    if (drifts && event.kind === "mirrored" && event.parity === "different_content") return "drifted data";
    return byFault(event, statement) ?? byOutage(event, outages) ?? (kills ? byKill(event) : null);
  };
  return [...outcomes.values()].filter(isRemarkable).map((outcome) => ({ outcome, reason: reasonOf(outcome) }));
}

const rootOf = (event: OutcomeEvent): number | null => (event.kind === "dropped" ? null : event.root);

function byFault(event: OutcomeEvent, statement: string): string | null {
  const fault = faultOf(statement);
  if (fault === null) return null;
  const { expected } = fault;
  if (event.kind === "errored" && expected.kind === "errored") {
    return event.category === expected.category && event.sqlstate === expected.sqlstate ? fault.name : null;
  }
  return event.kind === "mirrored" && expected.kind === "mirrored" && event.parity === expected.parity
    ? fault.name
    : null;
}

function byOutage(event: OutcomeEvent, outages: readonly Outage[]): string | null {
  if (event.kind !== "errored" || (event.category !== "connection" && event.category !== "timeout")) return null;
  const outage = outages.find(({ from, to }) => event.at >= from - SLACK_US && event.at <= to + SLACK_US);
  return outage === undefined ? null : `outage (${outage.how})`;
}

/** A connection can be ended just when a request is on its way. */
function byKill(event: OutcomeEvent): string | null {
  return event.kind === "errored" && event.category === "connection" ? "a killed backend" : null;
}
