// Starts the page: the address says what is shown, each part is filled when its answer comes, and all of them again when the
// log has grown.

import type { StatementsAnswer, StatusAnswer } from "./answers.ts";
import { linkAnswers } from "./answer-links.ts";
import { AskError } from "./ask.ts";
import { createCharts } from "./charts.ts";
import { showCriteria, showReasons } from "./criteria.ts";
import { find } from "./element.ts";
import { grouped, zone } from "./format.ts";
import { startLive } from "./live.ts";
import { marksOf } from "./marks.ts";
import { showMirrors } from "./mirrors.ts";
import { showTimeLine, startNoteForm } from "./notes.ts";
import { updateNotices } from "./notices.ts";
import { showObserved } from "./observed.ts";
import { askAll } from "./questions.ts";
import { createRefresh } from "./refresh.ts";
import { createStatementDialog } from "./statement-dialog.ts";
import { createStatements } from "./statements.ts";
import { startTheme } from "./theme.ts";
import { markVerdictOld, showFigures, showVerdict } from "./verdict.ts";
import { createViewControls } from "./view-controls.ts";
import { addressOf, endsNow, parseViewState, type ViewState } from "./view-state.ts";
import { createWhatIf } from "./what-if.ts";

let state = parseViewState(location.search);
let asking = new AbortController();
let statements: StatementsAnswer | null = null;

const charts = createCharts((from, to) => go({ window: null, from: from.toFixed(3), to: to.toFixed(3) }));
const controls = createViewControls(go);
const whatIf = createWhatIf((overrides) => go({ overrides }));
const dialog = createStatementDialog(() => {
  if (state.statement !== null) keep({ statement: null });
});
const table = createStatements(
  (sort) => go({ sort }),
  (statement) => {
    keep({ statement });
    showStatement();
  },
);

/** Into the address and the back button; what is shown changes with it. */
function go(change: Partial<ViewState>): void {
  keep(change);
  void loadAnew();
}

/** What is shown is of another question until every part has been filled. */
async function loadAnew(): Promise<void> {
  const main = find("main");
  main.ariaBusy = "true";
  controls.show(state);
  whatIf.show(state);
  linkAnswers(state);
  const asked = state;
  await load();
  if (asked === state) main.ariaBusy = "false";
}

function keep(change: Partial<ViewState>): void {
  state = { ...state, ...change };
  window.history.pushState(null, "", addressOf(state));
}

function showStatement(): void {
  if (state.statement === null) dialog.close();
  else if (statements !== null) {
    dialog.show(statements.statements.find(({ fingerprint }) => fingerprint === state.statement) ?? null);
  }
}

/** One failure is said once, however many parts it concerns. */
function failed(error: unknown): void {
  if (!(error instanceof AskError)) {
    updateNotices({ failure: String(error) });
    return;
  }
  if (error.code === "unauthorized") {
    // The session has ended: the same address asks for the token now.
    location.reload();
    return;
  }
  if (error.code === "rebuilding") return;
  if (whatIf.refuse(error)) return;
  updateNotices({ failure: error.message });
}

/** Never rejects. */
async function load(): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const shown = state;
  const { readiness, history, statements: listed, timeLine } = askAll(shown, signal);
  const parts = [
    fill(
      readiness,
      (answer) => {
        whatIf.refuse(null);
        showVerdict(answer, Object.keys(shown.overrides));
        showFigures(answer);
        showCriteria(answer);
        showReasons(answer);
        updateNotices({ hasTraffic: answer.metrics.requests.seen > 0 });
      },
      markVerdictOld,
    ),
    fill(history, (answer) => {
      charts.show(answer);
      find("#footnote").textContent = `Up to event ${grouped(answer.seq)} of the log. Times are in ${zone()}.`;
    }),
    fill(listed, (answer) => {
      statements = answer;
      table.show(answer, shown.sort);
      showStatement();
    }),
    fill(timeLine, ([observations, markers, epochs]) => {
      charts.mark(marksOf(observations, markers, epochs));
      showTimeLine(observations, markers, epochs);
      showObserved(observations);
    }),
  ];
  const outcomes = await Promise.all(parts);
  if (outcomes.every(Boolean)) updateNotices({ failure: null });
}

/** Fills one part of the page; false when it failed. An answer to a question that nobody asks any more is left. */
async function fill<T>(answer: Promise<T>, show: (answer: T) => void, onFailure?: () => void): Promise<boolean> {
  const { signal } = asking;
  try {
    const given = await answer;
    if (!signal.aborted) show(given);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    onFailure?.();
    failed(error);
    return false;
  }
}

startTheme(() => charts.redraw());
startNoteForm(() => void load());
addEventListener("popstate", () => {
  state = parseViewState(location.search);
  showStatement();
  void loadAnew();
});

let seq: number | null = -1;
let states = "";
const live = startLive(
  (status: StatusAnswer) => {
    showMirrors(status);
    updateNotices({ status });
    const now = JSON.stringify([
      status.mirrorings.map((each) => each.state),
      status.recording,
      status.rebuilding === null,
    ]);
    const isNews = status.seq !== seq || now !== states;
    const isFirst = seq === -1;
    [seq, states] = [status.seq, now];
    if (isNews && !isFirst && endsNow(state)) refresh.news();
  },
  () => refresh.news(),
);
const refresh = createRefresh(load, live.isOn);
void loadAnew();
