// How the main thread asks about the log: somebody answers in another thread, so that no disk is ever waited for here. The
// API owns this interface, the service fulfils it.

import type { Comparison, ComparisonQuery } from "../projections/comparison.ts";
import type { EventPageQuery } from "../projections/event-page.ts";
import type { History, HistoryQuery } from "../projections/history.ts";
import type { EpochRow, MarkerRow } from "../projections/notes.ts";
import type { ObservedMirroring } from "../projections/observed-mirrorings.ts";
import type { UnknownName } from "../projections/readiness/check-selection.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { VerdictOf, VerdictsQuery } from "../projections/readiness/read-verdicts.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import type { LogTotals } from "../projections/read-log-totals.ts";
import type { MarkerPage } from "../projections/read-notes.ts";
import type { StatsSnapshot } from "../projections/read-stats.ts";
import type { Streak } from "../projections/read-streaks.ts";
import type { Selection } from "../projections/selection.ts";
import type { StatementList, StatementListQuery } from "../projections/statement-list.ts";
import type { Window, WindowBounds } from "../projections/window.ts";
import type { HistoryLine, StatementLine } from "./console/console-source.ts";

/** There are too many questions: it is worth another try. */
export class BusyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BusyError";
  }
}

/** The log did not answer, and may not for a while; the message says why, for the operator. */
export class SilentLogError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SilentLogError";
  }
}

export interface EventLine {
  readonly seq: number;
  readonly kind: string;
  /** One line, as GET /events has it. */
  readonly json: string;
}

/** See EventPage in projections/event-page.ts. */
export interface EventLines {
  readonly lines: readonly EventLine[];
  readonly next: number | null;
  readonly position: number;
}

export interface LaneNames {
  readonly mirroring: string;
  readonly database: string;
}

interface Windowed {
  readonly window: Window;
}

/** What each kind of question carries. Structured-clone data only. */
interface Asked {
  /** Answered from a few rows. */
  readonly position: object;
  readonly streaks: object;
  readonly stats: object;
  readonly totals: object;
  readonly bounds: { readonly nowUs: number; readonly mirroring?: string | undefined };
  readonly unknown: Selection;
  readonly lanes: object;
  /** Answered from as much of the log as the window holds. */
  readonly events: EventPageQuery;
  readonly history: HistoryQuery;
  readonly statements: StatementListQuery;
  readonly compare: ComparisonQuery;
  readonly readiness: Selection & Windowed & { readonly policy: Policy };
  readonly verdicts: VerdictsQuery;
  readonly observations: Windowed & { readonly mirroring?: string | undefined };
  readonly markers: Windowed & { readonly page: MarkerPage };
  readonly epochs: Windowed & { readonly latest: number };
  readonly console_history: Windowed & { readonly stepUs: number };
  readonly console_statements: Windowed;
}

/** What each kind is answered with. */
export interface LogAnswers {
  /** The seq of the newest event; 0: none. */
  readonly position: number;
  readonly streaks: readonly Streak[];
  readonly stats: StatsSnapshot;
  readonly totals: LogTotals;
  readonly bounds: WindowBounds;
  /** The first name that the log doesn't know; null when it knows them. */
  readonly unknown: UnknownName | null;
  readonly lanes: readonly LaneNames[];
  readonly events: EventLines;
  readonly history: History;
  readonly statements: StatementList;
  readonly compare: Comparison;
  readonly readiness: Readiness;
  readonly verdicts: readonly VerdictOf[];
  readonly observations: readonly ObservedMirroring[];
  readonly markers: readonly MarkerRow[];
  /** The latest of the window, in the order of the log. */
  readonly epochs: readonly EpochRow[];
  readonly console_history: readonly HistoryLine[];
  readonly console_statements: readonly StatementLine[];
}

export type LogQuestion = { [Kind in keyof Asked]: Asked[Kind] & { readonly kind: Kind } }[keyof Asked];

export interface LogQuestions {
  /** Rejects with BusyError or SilentLogError in bounded time, or with what the log has wrong. */
  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]>;
}
