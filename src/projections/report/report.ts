// What the report for a change board is made from: the verdict, what happened over the window, and where it all comes from.
// Times are microseconds since the Unix epoch.

import type { EpochRow, MarkerRow } from "../notes.ts";
import type { Selection } from "../readiness/read-facts.ts";
import type { Readiness } from "../readiness/readiness-schema.ts";
import type { Rollup } from "../rollup.ts";
import type { Gap } from "../timeline.ts";
import type { Window } from "../window.ts";

/** One life of the service; what retention has removed is null. */
export interface ReportRun {
  readonly id: number;
  readonly started: {
    readonly at: number;
    readonly version: string;
    readonly host: string;
    readonly configHash: string;
  } | null;
}

export interface ReportLog {
  /** As it was named. */
  readonly path: string;
  /** When it began; null for an empty one. */
  readonly since: number | null;
  /** Events up to this one were removed; 0: none. */
  readonly removedSeq: number;
  /** The last event of the snapshot. */
  readonly lastSeq: number;
  /** Events of the window: from the first to, but without, the second. */
  readonly windowSeq: readonly [from: number, to: number];
  /** The last sealed range that ends before the window does; null without one. */
  readonly seal: { readonly firstSeq: number; readonly lastSeq: number; readonly checksum: number } | null;
}

export interface ReportTimeline {
  readonly mirroring: string;
  readonly observedSeconds: number;
  readonly gaps: readonly Gap[];
}

export interface ReportPoint extends Window {
  /** Over all lanes that were asked about. */
  readonly rollup: Rollup;
}

/** The first message of an error of one statement. */
export interface ReportSample {
  readonly code: string;
  readonly message: string;
}

/** A threshold that the question said instead of the stored one, each as the configuration would write it. */
export interface ReportOverride {
  readonly setting: string;
  readonly asked: number | string;
  readonly stored: number | string;
}

export interface Report {
  readonly answer: Readiness;
  readonly overrides: readonly ReportOverride[];
  readonly window: Window;
  readonly selection: Selection;
  readonly madeAt: number;
  /** Of the pgsoak that made it. */
  readonly version: string;
  readonly log: ReportLog;
  /** Those that the window touches, the latest RUNS_MAX. */
  readonly runs: readonly ReportRun[];
  readonly runsTotal: number;
  readonly timelines: readonly ReportTimeline[];
  readonly stepUs: number;
  /** How exact the points' edges are. */
  readonly seriesResolution: string;
  readonly points: readonly ReportPoint[];
  readonly epochs: readonly EpochRow[];
  /** The first NOTES_MAX of the window. */
  readonly markers: readonly MarkerRow[];
  readonly areMoreMarkers: boolean;
  /** For each of the answer's worst statements. */
  readonly samples: readonly (readonly ReportSample[])[];
}
