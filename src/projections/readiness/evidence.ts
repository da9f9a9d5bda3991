// Whether there is anything to judge at all, whatever thresholds are off: never READY by absence of data.

import { formatMoment } from "../rfc3339.ts";
import { type Criterion, EVERYWHERE, type Judgement, placeOf } from "./criterion.ts";
import type { LaneFacts, ReadinessFacts } from "./facts.ts";
import { missedBecause } from "./missed.ts";
import { grouped } from "./wording.ts";

/** Reasons that somebody chose: such requests are not missed. */
const INTENDED = ["skipped_filter", "skipped_replication"] as const;

const none = (detail: string): Judgement => {
  return { status: "insufficient", actual: 0, threshold: 1, badness: 0, detail, ...EVERYWHERE };
};

/** Why the window as a whole says nothing; null when it may. */
function missing({ window, since, covered, mirrorings }: ReadinessFacts): string | null {
  if (since === null) return "The log is empty";
  if (window.to <= since) return `The window lies wholly before the log, which begins at ${formatMoment(since)}`;
  if (covered === null) return "Nothing is known of the window any more";
  return mirrorings.length === 0 ? "The window knows no such mirroring" : null;
}

/** How the requests of the lanes came to be skipped; "" when there were none. */
function skippedBecause(lanes: readonly LaneFacts[]): string {
  const sum = (name: keyof LaneFacts["counters"]): number =>
    lanes.reduce((all, { counters }) => all + counters[name], 0);
  const intended = INTENDED.reduce((all, name) => all + sum(name), 0);
  return [...missedBecause(lanes), ...(intended === 0 ? [] : [`${grouped(intended)} were filtered out`])].join(", ");
}

const isSelected = ({ counters }: LaneFacts): boolean => counters.selected > 0;

/** Whether its requests should have been selected, but were not. */
function isMissed({ counters }: LaneFacts): boolean {
  const intended = INTENDED.reduce((all, name) => all + counters[name], 0);
  return counters.selected === 0 && counters.skipped > intended;
}

function judge(facts: ReadinessFacts): Judgement[] {
  const nothing = missing(facts);
  if (nothing !== null) return [none(nothing)];
  return facts.mirrorings.map(({ mirroring, isRecording }): Judgement => {
    const own = facts.lanes.filter((lane) => lane.mirroring === mirroring);
    const actual = own.reduce((sum, { counters }) => sum + counters.selected, 0);
    const about = { actual, threshold: 1, mirroring, database: null, badness: -actual };
    if (!isRecording) {
      const detail = "Recording is off (mirror_metrics_enabled = false): there is no evidence";
      return { ...about, status: "insufficient", detail };
    }
    if (!own.some(isSelected)) {
      const why = own.length === 0 ? "there was no traffic" : skippedBecause(own);
      return {
        ...about,
        status: "insufficient",
        detail: `No request was selected in the window${why === "" ? "" : `: ${why}`}`,
      };
    }
    const missed = own.find(isMissed);
    if (missed !== undefined) {
      const detail = `No request of this database was selected: ${skippedBecause([missed])}`;
      return { ...about, actual: 0, status: "insufficient", detail, ...placeOf(missed) };
    }
    return { ...about, status: "pass", detail: `${grouped(actual)} requests were selected in the window` };
  });
}

export const evidence: Criterion = {
  name: "evidence",
  setting: null,
  group: null,
  judge,
  absent: { status: "insufficient", detail: "There is no evidence" },
};
