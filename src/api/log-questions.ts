// How the API asks about the log what may take long: somebody answers off the main thread, one question at a time. The API
// owns this interface, the service fulfils it.

import type { Comparison, ComparisonQuery } from "../projections/comparison.ts";
import type { EventPageQuery } from "../projections/event-page.ts";
import type { History, HistoryQuery } from "../projections/history.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import type { Selection } from "../projections/selection.ts";
import type { StatementList, StatementListQuery } from "../projections/statement-list.ts";
import type { Window } from "../projections/window.ts";

/** There are too many questions, or this one took too long. */
export class BusyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BusyError";
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

/** What can be asked, by kind. Structured-clone data only. */
export type LogQuestion = EventsQuestion | HistoryQuestion | StatementsQuestion | CompareQuestion | ReadinessQuestion;

interface EventsQuestion extends EventPageQuery {
  readonly kind: "events";
}

interface HistoryQuestion extends HistoryQuery {
  readonly kind: "history";
}

interface StatementsQuestion extends StatementListQuery {
  readonly kind: "statements";
}

interface CompareQuestion extends ComparisonQuery {
  readonly kind: "compare";
}

interface ReadinessQuestion extends Selection {
  readonly kind: "readiness";
  readonly window: Window;
  readonly policy: Policy;
}

/** What each kind is answered with. */
export interface LogAnswers {
  readonly events: EventLines;
  readonly history: History;
  readonly statements: StatementList;
  readonly compare: Comparison;
  readonly readiness: Readiness;
}

export interface LogQuestions {
  /** Rejects with BusyError, or with what the log has wrong. */
  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]>;
}
