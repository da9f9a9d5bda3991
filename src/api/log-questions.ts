// How the API asks about the log what may take long: somebody answers off the main thread, one question at a time. The API
// owns this interface, the service fulfils it.

import type { Comparison, ComparisonQuery } from "../projections/comparison.ts";
import type { EventPageQuery } from "../projections/event-page.ts";
import type { History, HistoryQuery } from "../projections/history.ts";
import type { StatementList, StatementListQuery } from "../projections/statement-list.ts";

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
export type LogQuestion = EventsQuestion | HistoryQuestion | StatementsQuestion | CompareQuestion;

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

/** What each kind is answered with. */
export interface LogAnswers {
  readonly events: EventLines;
  readonly history: History;
  readonly statements: StatementList;
  readonly compare: Comparison;
}

export interface LogQuestions {
  /** Rejects with BusyError, or with what the log has wrong. */
  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]>;
}
