// The live facts that the API shows beside the log. The API owns this interface, the service fulfils it; every method
// is cheap, reads shared memory at most and never waits.

import type { ObservationState } from "../events/event.ts";
import type { Rebuilding } from "../events/fold-rebuild.ts";

export interface RecordingStatus {
  readonly state: "ok" | "broken";
  /** Why it is broken, for the operator; "" while it is ok. */
  readonly cause: string;
}

/**
 * Why questions about the log got no answer: too many at once, no answer in time, the thread that reads it ended, SQLite
 * failed.
 */
export const UNANSWERED = ["busy", "timeout", "died", "error"] as const;
export type Unanswered = (typeof UNANSWERED)[number];

export interface ReadingStatus {
  /** Broken: the last question about the log was not answered, other than for being one too many. */
  readonly state: "ok" | "broken";
  /** Why it is broken, for the operator; "" while it is ok. */
  readonly cause: string;
  /** Questions since the start, by reason. */
  readonly unanswered: Readonly<Record<Unanswered, number>>;
}

/** What the check of the whole log that follows a start has found. */
export interface LogCheckStatus {
  readonly state: "checking" | "ok" | "damaged";
  /** What is damaged and what to do, for the operator; "" unless it is damaged. */
  readonly damage: string;
}

/** One mirroring, over all sessions and threads. */
export interface LiveMirroring {
  readonly mirroring: string;
  /** Requests that wait in the queues of its sessions. */
  readonly queueDepth: number;
  readonly queueBytes: number;
  /** Requests that could wait: queue_length × sessions. */
  readonly queueSlots: number;
  /** Open connections to the mirror. */
  readonly connections: number;
  /** Sessions that lack something on the mirror which nothing can bring back: their differences prove nothing. */
  readonly incompleteSessions: number;
  /** Sessions since the start that a defect has cost this mirroring. */
  readonly lostSessions: number;
  readonly state: ObservationState;
  /** Logins since the start that the mirror refused, or that pgsoak has no password for. */
  readonly refusedLogins: number;
  /** False from mirror_error_threshold consecutive errors until the next success, and while it is too slow. */
  readonly healthy: boolean;
}

/** Clients that were turned away since the start because they passed a limit. */
export interface Refusals {
  /** More connections than max_connections. */
  readonly connections: number;
  /** Not logged in within login_timeout_ms. */
  readonly logins: number;
  /** A message of a length that none may have. */
  readonly messages: number;
}

/** Logins since the start that failed under auth = "userlist", by why. */
export interface LoginFailures {
  /** A wrong password, or nobody of that name. */
  readonly password: number;
  /** Not what the protocol asks for. */
  readonly protocol: number;
  /** The database is none of the user's. */
  readonly database: number;
  /** The primary doesn't let pgsoak in. */
  readonly primary: number;
}

export interface LiveStatus {
  recording(): RecordingStatus;
  reading(): ReadingStatus;
  logCheck(): LogCheckStatus;
  /** How far the rebuild of projections has come; null when all are whole. */
  rebuilding(): Rebuilding | null;
  /** The run that this process writes; null until the log is open. */
  run(): number | null;
  /** Client connections, those that are still logging in included. */
  clientConnections(): number;
  /** Clients that are logged in. */
  sessions(): number;
  refusals(): Refusals;
  loginFailures(): LoginFailures;
  /** Sessions since the start that could not be followed any more, because of a defect, and went on unmirrored. */
  unwatchedSessions(): number;
  /** Every configured mirroring, also without traffic. */
  mirrorings(): readonly LiveMirroring[];
}
