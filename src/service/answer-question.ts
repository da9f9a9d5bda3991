// Answers questions about the log from a read-only handle, each kind by the projection that it is about.

import type { EventLines, LogAnswers, LogQuestion } from "../api/log-questions.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readComparison } from "../projections/comparison.ts";
import { eventJson } from "../projections/event-json.ts";
import { createEventNames } from "../projections/event-names.ts";
import { type EventPageQuery, readEventPage } from "../projections/event-page.ts";
import { readHistory } from "../projections/history.ts";
import { readWindowBounds } from "../projections/log-extent.ts";
import { readObservedMirrorings } from "../projections/observed-mirrorings.ts";
import { readLogTotals } from "../projections/read-log-totals.ts";
import { readEpochs, readMarkers } from "../projections/read-notes.ts";
import { readStats } from "../projections/read-stats.ts";
import { readStreaks } from "../projections/read-streaks.ts";
import { checkSelection } from "../projections/readiness/check-selection.ts";
import { readFacts } from "../projections/readiness/read-facts.ts";
import { readVerdicts } from "../projections/readiness/read-verdicts.ts";
import { readiness } from "../projections/readiness/readiness.ts";
import { readStatementList } from "../projections/statement-list.ts";
import { readConsoleHistory } from "./console-history.ts";
import { readConsoleStatements } from "./console-statements.ts";

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
      case "position":
        return reader.lastSeq();
      case "streaks":
        return readStreaks(reader);
      case "stats":
        return readStats(reader);
      case "totals":
        return readLogTotals(reader);
      case "bounds":
        return readWindowBounds(reader, question.nowUs, question.mirroring);
      case "unknown":
        return checkSelection(reader, question);
      case "lanes":
        return reader.lanes();
      case "events":
        return eventLines(question);
      case "history":
        return readHistory(reader, question);
      case "statements":
        return readStatementList(reader, question);
      case "compare":
        return readComparison(reader, question);
      case "readiness":
        return readiness(await readFacts(reader, question.window, question), question.policy);
      case "verdicts":
        return readVerdicts(reader, question);
      case "observations":
        return readObservedMirrorings(reader, question.window, question.mirroring);
      case "markers":
        return readMarkers(reader.kysely, question.window, question.page);
      case "epochs":
        return (await reader.kysely.transaction().execute((db) => readEpochs(db, question.window))).slice(
          -question.latest,
        );
      case "console_history":
        return readConsoleHistory(reader, question.window, question.stepUs);
      case "console_statements":
        return readConsoleStatements(reader, question.window);
    }
  };
}
