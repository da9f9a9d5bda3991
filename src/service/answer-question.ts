// Answers the API's questions about the log from a read-only handle, each kind by the projection that it is about.

import type { EventLines, LogAnswers, LogQuestion } from "../api/log-questions.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readComparison } from "../projections/comparison.ts";
import { eventJson } from "../projections/event-json.ts";
import { createEventNames } from "../projections/event-names.ts";
import { type EventPageQuery, readEventPage } from "../projections/event-page.ts";
import { readHistory } from "../projections/history.ts";
import { readStatementList } from "../projections/statement-list.ts";

type Answer = (question: LogQuestion) => Promise<LogAnswers[LogQuestion["kind"]]>;

/** The reader stays open as long as questions come; they may not overlap. */
export function createAnswers(reader: LogReader): Answer {
  const names = createEventNames(reader.db);
  const eventLines = async (query: EventPageQuery): Promise<EventLines> => {
    const { events, next, position } = await readEventPage(reader, query);
    const lines = events.map((event) => {
      return { seq: event.seq, kind: event.kind, json: JSON.stringify(eventJson(event, names)) };
    });
    return { lines, next, position };
  };
  return async (question) => {
    switch (question.kind) {
      case "events":
        return eventLines(question);
      case "history":
        return readHistory(reader, question);
      case "statements":
        return readStatementList(reader, question);
      case "compare":
        return readComparison(reader, question);
    }
  };
}
