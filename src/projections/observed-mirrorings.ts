// How much of a window each mirroring was observed, its gaps, and its last epoch, of one committed snapshot.

import type { LogReader } from "../events/log-reader.ts";
import type { EpochRow } from "./notes.ts";
import { readLastEpoch } from "./read-notes.ts";
import { readObservations } from "./read-observations.ts";
import { type Gap, gapsOf, longestGap, observedSeconds } from "./timeline.ts";
import type { Window } from "./window.ts";

/** Gaps that are told of one mirroring, the latest. */
const GAPS_MAX = 1000;

export interface ObservedMirroring {
  readonly mirroring: string;
  readonly observedSeconds: number;
  readonly longestGap: Gap | null;
  readonly gapsTotal: number;
  /** The latest ones, in the order of time. */
  readonly gaps: readonly Gap[];
  /** The last one before the window's end. */
  readonly epoch: EpochRow | null;
}

/** All of them, or the one that is named. One read transaction. Throws rebuilding. */
export function readObservedMirrorings(
  reader: LogReader,
  window: Window,
  mirroring?: string,
): Promise<ObservedMirroring[]> {
  return reader.kysely.transaction().execute(async (db) => {
    const { timelines } = await readObservations(db, window);
    const observed: ObservedMirroring[] = [];
    for (const timeline of timelines) {
      if (mirroring !== undefined && timeline.mirroring !== mirroring) continue;
      const gaps = gapsOf(timeline, window);
      observed.push({
        mirroring: timeline.mirroring,
        observedSeconds: observedSeconds(timeline, window),
        longestGap: longestGap(gaps),
        gapsTotal: gaps.length,
        gaps: gaps.slice(-GAPS_MAX),
        epoch: await readLastEpoch(db, window.to, timeline.mirroring),
      });
    }
    return observed;
  });
}
