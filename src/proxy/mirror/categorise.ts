// Names a failure of the mirror: the category that is counted and the attribution that helps a person. The error's own
// type decides first, its SQLSTATE next, its text last.

import type { Attribution, ErrorCategory } from "../../events/event.ts";
import { Sqlstate, sqlstateClass } from "../protocol/sqlstate.ts";

export interface MirrorFailure {
  /** `login` until the mirror session's first ReadyForQuery. */
  readonly phase: "login" | "ready";
  /** "" when no server gave one. */
  readonly sqlstate: string;
  /** Our own timer ended it. */
  readonly timedOut: boolean;
  /** The connection was lost or never there. */
  readonly socketError: boolean;
  /** Asked only when there is nothing else to go by. */
  readonly message?: string;
}

export interface Categorised {
  readonly category: ErrorCategory;
  readonly attribution: Attribution;
}

const TIMEOUT_STATES: ReadonlySet<string> = new Set([
  Sqlstate.QueryCanceled,
  Sqlstate.LockNotAvailable,
  Sqlstate.IdleInTransactionTimeout,
  Sqlstate.TransactionTimeout,
]);

const CONNECTION_STATES: ReadonlySet<string> = new Set([
  Sqlstate.AdminShutdown,
  Sqlstate.CrashShutdown,
  Sqlstate.CannotConnectNow,
  Sqlstate.DatabaseDropped,
  Sqlstate.IdleSessionTimeout,
  Sqlstate.TooManyConnections,
]);

/** Attribution of a whole SQLSTATE class (PostgreSQL 18 docs, appendix A). */
const CLASS_ATTRIBUTION: ReadonlyMap<string, Attribution> = new Map([
  ["42", "compatibility"],
  ["0A", "compatibility"],
  ["23", "data_drift"],
  ["02", "data_drift"],
  ["21", "data_drift"],
  ["40", "ordering"],
  ["53", "capacity"],
  ["54", "capacity"],
  ["08", "plumbing"],
  ["28", "plumbing"],
]);

/** Whether a failure is the consequence of an earlier one is for the transaction to say, not for this. */
export function categorise(failure: MirrorFailure): Categorised {
  const ready = byType(failure) ?? bySqlstate(failure.sqlstate) ?? byText(failure);
  if (failure.phase === "ready") return ready;
  // A mirror that doesn't let us in is a matter of plumbing, unless it says that it is full or we gave up waiting.
  const told = ready.attribution === "capacity" || ready.attribution === "timeout";
  return { category: "connection", attribution: told ? ready.attribution : "plumbing" };
}

function byType(failure: MirrorFailure): Categorised | null {
  if (failure.timedOut) return { category: "timeout", attribution: "timeout" };
  if (!failure.socketError) return null;
  // A server that ends a connection says why first, and 53300 or 25P03 tells more than the closed socket behind it.
  const told = bySqlstate(failure.sqlstate);
  return told !== null && told.category !== "query" ? told : { category: "connection", attribution: "plumbing" };
}

function bySqlstate(sqlstate: string): Categorised | null {
  if (sqlstate === "") return null;
  if (TIMEOUT_STATES.has(sqlstate)) return { category: "timeout", attribution: "timeout" };
  const attribution = CLASS_ATTRIBUTION.get(sqlstateClass(sqlstate));
  if (CONNECTION_STATES.has(sqlstate)) return { category: "connection", attribution: attribution ?? "plumbing" };
  return { category: attribution === "plumbing" ? "connection" : "query", attribution: attribution ?? "other" };
}

function byText(failure: MirrorFailure): Categorised {
  const message = failure.message ?? "";
  if (/\btime(d )?out\b/i.test(message)) return { category: "timeout", attribution: "timeout" };
  if (/\bconnections?\b|\bshut(ting)? ?down\b|\bstarting up\b/i.test(message)) {
    return { category: "connection", attribution: "plumbing" };
  }
  return { category: "query", attribution: "other" };
}
