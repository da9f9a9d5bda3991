// Reads everything that the report for a change board shows, of one committed snapshot of the log.

import type { Kysely } from "kysely";
import type { EventOf } from "../../events/event.ts";
import { readExtent } from "../../events/extent.ts";
import type { LogReader } from "../../events/log-reader.ts";
import type { LogTables } from "../../events/tables.ts";
import { readKnownExtent } from "../log-extent.ts";
import type { ReadinessFacts } from "../readiness/facts.ts";
import { type Policy, policyJson, SETTING_NAMES } from "../readiness/policy.ts";
import { factsOf, type Selection } from "../readiness/read-facts.ts";
import { readiness } from "../readiness/readiness.ts";
import type { Readiness } from "../readiness/readiness-schema.ts";
import { markersOf, readEpochs } from "../read-notes.ts";
import { readObservations } from "../read-observations.ts";
import { readSeries, type SeriesReading, stepOf } from "../read-series.ts";
import { Rollup } from "../rollup.ts";
import { gapsOf, observedSeconds } from "../timeline.ts";
import type { Window } from "../window.ts";
import type {
  Report,
  ReportLog,
  ReportOverride,
  ReportPoint,
  ReportRun,
  ReportSample,
  ReportTimeline,
} from "./report.ts";

/** More than these nobody reads on paper. */
const RUNS_MAX = 20;
const NOTES_MAX = 100;
/** Points of each chart: what a page is wide enough for. */
const POINTS = 240;

export interface ReportQuestion {
  readonly window: Window;
  readonly selection: Selection;
  /** What it is judged by. */
  readonly policy: Policy;
  /** What the configuration says: a page must not hide that the question said otherwise. */
  readonly storedPolicy: Policy;
  /** Microseconds since the Unix epoch. */
  readonly madeAt: number;
  readonly version: string;
}

/** One read transaction, which neither waits for a writer nor makes one wait. Throws rebuilding. */
export function readReport(reader: LogReader, question: ReportQuestion): Promise<Report> {
  return reader.kysely.transaction().execute((db) => readIn(db, reader, question));
}

async function readIn(db: Kysely<LogTables>, reader: LogReader, question: ReportQuestion): Promise<Report> {
  const { window, selection, policy, madeAt, version } = question;
  const facts = await factsOf(reader, db, window, selection);
  const answer = readiness(facts, policy);
  const series = readSeries(reader, window, stepOf(window, POINTS));
  const mirrorings = new Set(answer.metrics.mirrorings.map(({ mirroring }) => mirroring));
  const markers = await markersOf(db, window, { after: 0, limit: NOTES_MAX + 1 });
  const epochs = await readEpochs(db, window);
  const runs = runsOf(reader, window);
  return {
    answer,
    overrides: overridesOf(question),
    window,
    selection,
    madeAt,
    version,
    log: logOf(reader, window),
    runs: runs.slice(-RUNS_MAX).map((run) => startOf(reader, run)),
    runsTotal: runs.length,
    timelines: await timelinesOf(db, window, mirrorings),
    stepUs: series.stepUs,
    seriesResolution: series.resolution,
    points: pointsOf(series, lanesOf(reader, mirrorings, selection)),
    epochs: epochs.filter(({ mirroring }) => mirroring === null || mirrorings.has(mirroring)),
    markers: markers.slice(0, NOTES_MAX),
    areMoreMarkers: markers.length > NOTES_MAX,
    samples: samplesOf(answer, facts),
  };
}

function overridesOf({ policy, storedPolicy }: ReportQuestion): ReportOverride[] {
  const [asked, stored] = [policyJson(policy), policyJson(storedPolicy)];
  const changed = SETTING_NAMES.filter((name) => asked[name] !== stored[name]);
  return changed.map((setting) => ({ setting, asked: asked[setting], stored: stored[setting] }));
}

function lanesOf(reader: LogReader, mirrorings: ReadonlySet<string>, { database }: Selection): ReadonlySet<number> {
  const own = reader
    .lanes()
    .filter((lane) => mirrorings.has(lane.mirroring) && (database === undefined || lane.database === database));
  return new Set(own.map(({ id }) => id));
}

function pointsOf({ points }: SeriesReading, lanes: ReadonlySet<number>): ReportPoint[] {
  return points.map((point) => {
    const rollup = new Rollup();
    for (const [lane, each] of point.lanes) if (lanes.has(lane)) rollup.merge(each.rollup);
    return { from: point.from, to: point.to, rollup };
  });
}

async function timelinesOf(
  db: Kysely<LogTables>,
  window: Window,
  mirrorings: ReadonlySet<string>,
): Promise<ReportTimeline[]> {
  const { timelines } = await readObservations(db, window);
  return timelines
    .filter(({ mirroring }) => mirrorings.has(mirroring))
    .map((timeline) => ({
      mirroring: timeline.mirroring,
      observedSeconds: observedSeconds(timeline, window),
      gaps: gapsOf(timeline, window),
    }));
}

function logOf(reader: LogReader, window: Window): ReportLog {
  const { db } = reader;
  const { removedSeq } = readExtent(db);
  const { since, lastSeq } = readKnownExtent(reader);
  const windowSeq = [reader.seqAt(window.from), reader.seqAt(window.to)] as const;
  const seal = db
    .prepare<[number], NonNullable<ReportLog["seal"]>>(
      `select first_seq as firstSeq, last_seq as lastSeq, checksum from seal where last_seq < ? order by last_seq desc`,
    )
    .get(windowSeq[1]);
  return { path: db.name, since, removedSeq, lastSeq, windowSeq, seal: seal ?? null };
}

interface Run {
  readonly id: number;
  readonly firstSeq: number;
}

/** The run that the window begins in, and those that begin in it. */
function runsOf(reader: LogReader, window: Window): Run[] {
  const [from, to] = [reader.seqAt(window.from), reader.seqAt(window.to)];
  const all = reader.db.prepare<[], Run>("select id, first_seq as firstSeq from run order by first_seq").all();
  return all.filter(({ firstSeq }, index) => firstSeq < to && (all[index + 1]?.firstSeq ?? Infinity) > from);
}

function startOf(reader: LogReader, { id, firstSeq }: Run): ReportRun {
  const starts: EventOf<"run_started">[] = [];
  reader.scan(firstSeq - 1, (event) => event.kind === "run_started" && starts.push(event), 1);
  return { id, started: starts.find(({ seq }) => seq === firstSeq) ?? null };
}

function samplesOf({ metrics }: Readiness, { statements }: ReadinessFacts): ReportSample[][] {
  return metrics.worst_statements.map(({ mirroring, database, fingerprint, errors }) => {
    const same = statements.find(
      (each) => each.mirroring === mirroring && each.database === database && each.fingerprint === fingerprint,
    );
    return Object.keys(errors).map((code) => ({ code, message: same?.messages[code] ?? "" }));
  });
}
