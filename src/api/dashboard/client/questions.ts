// What is asked to fill the page, made from what its address says.

import type {
  EpochsAnswer,
  HistoryAnswer,
  MarkersAnswer,
  ObservationsAnswer,
  ReadinessAnswer,
  StatementsAnswer,
} from "./answers.ts";
import { ask } from "./ask.ts";
import { queryOf, SORT_DEFAULT, type ViewState } from "./view-state.ts";

const STATEMENTS_SHOWN = 50;

export interface Answers {
  readonly readiness: Promise<ReadinessAnswer>;
  readonly history: Promise<HistoryAnswer>;
  readonly statements: Promise<StatementsAnswer>;
  readonly timeLine: Promise<[ObservationsAnswer, MarkersAnswer, EpochsAnswer]>;
}

/** Every question at once; each answer comes when it is there. */
export function askAll(state: ViewState, signal: AbortSignal): Answers {
  const span = queryOf(state, "span");
  const selected = queryOf(state, "span", "selection");
  const sort = `sort=${state.sort === "" ? SORT_DEFAULT : encodeURIComponent(state.sort)}&limit=${STATEMENTS_SHOWN}`;
  const observed = state.mirroring === null ? span : `${span}&mirroring=${encodeURIComponent(state.mirroring)}`;
  return {
    readiness: ask("/readiness", queryOf(state, "span", "selection", "overrides"), signal),
    history: ask("/history", selected, signal),
    statements: ask("/statements", `${selected}&${sort}`, signal),
    timeLine: Promise.all([
      ask<ObservationsAnswer>("/observations", observed, signal),
      ask<MarkersAnswer>("/markers", span, signal),
      ask<EpochsAnswer>("/epochs", span, signal),
    ]),
  };
}
