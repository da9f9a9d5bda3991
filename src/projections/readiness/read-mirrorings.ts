// Reads what is known of each mirroring over a window: where its evidence begins, how much of it was observed, and whether
// it is judged at all.

import type { Kysely } from "kysely";
import type { LogTables } from "../../events/tables.ts";
import type { ObservationRow } from "../observation-rows.ts";
import { readLastEpoch } from "../read-notes.ts";
import { readObservations } from "../read-observations.ts";
import { gapsOf, longestGap, observedSeconds, type Timeline } from "../timeline.ts";
import type { Selection } from "../selection.ts";
import type { Window } from "../window.ts";
import type { MirroringFacts } from "./facts.ts";
import { readCompare } from "./read-compare.ts";
import { readSetting } from "./read-setting.ts";

/** What the mirroring was at the window's end; null: it did not exist yet. */
function lastState({ rows }: Timeline, { to }: Window): ObservationRow["state"] | null {
  return rows.findLast(({ from_us: from }) => from < to)?.state ?? null;
}

/** Whether the run that was the last at the window's end records what it does, also when it has stopped since. */
function isRecording({ rows }: Timeline, { to }: Window): boolean {
  return rows.findLast(({ from_us: from, state }) => from < to && state !== "stopped")?.state !== "disabled";
}

async function factsOf(db: Kysely<LogTables>, timeline: Timeline, window: Window): Promise<MirroringFacts> {
  const { mirroring } = timeline;
  const last = await readLastEpoch(db, window.to, mirroring);
  const epoch = last === null || last.at < window.from ? null : last;
  const evidenceFrom = epoch?.at ?? window.from;
  return {
    mirroring,
    evidenceFrom,
    epoch,
    observedSeconds: observedSeconds(timeline, { from: evidenceFrom, to: window.to }),
    longestGap: longestGap(gapsOf(timeline, window)),
    isRecording: isRecording(timeline, window),
    compare: await readCompare(db, window.to, mirroring),
  };
}

/** Whether requests for the database may have come to it: that of another database is no witness, and lacks no evidence. */
async function mayHave(db: Kysely<LogTables>, { to }: Window, mirroring: string, database: string): Promise<boolean> {
  const source = await readSetting(db, to, mirroring, "source_db");
  return source === null || source === "*" || source === database;
}

/**
 * The mirrorings that were configured at the window's end, by name, of `database` if that is given; with `mirroring` this
 * one, configured or not. Called inside a transaction.
 */
export async function readMirrorings(
  db: Kysely<LogTables>,
  window: Window,
  { mirroring: only, database }: Selection,
): Promise<MirroringFacts[]> {
  const { timelines } = await readObservations(db, window);
  const judged = timelines.filter((timeline) => {
    const state = lastState(timeline, window);
    return only === undefined ? state !== null && state !== "not_configured" : timeline.mirroring === only;
  });
  const facts: MirroringFacts[] = [];
  for (const timeline of judged) {
    const isAsked = only !== undefined || database === undefined;
    if (!isAsked && !(await mayHave(db, window, timeline.mirroring, database))) continue;
    facts.push(await factsOf(db, timeline, window));
  }
  return facts;
}
