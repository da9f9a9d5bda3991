// One run of the log: open it, say what the last run left open, record until told to stop, say goodbye.

import type { MessagePort } from "node:worker_threads";
import { type Clock, createClock } from "../clock.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { CHECKPOINT_PREFIX } from "./checkpoint.ts";
import { Epochs } from "./epochs.ts";
import { EventLog } from "./event-log.ts";
import type { RunMirroring } from "./event.ts";
import type { Fold } from "./fold.ts";
import { OpenRequests } from "./open-requests.ts";
import { LogClock } from "./log-clock.ts";
import { runRecorderLoop } from "./recorder-loop.ts";
import type { RecorderReport } from "./recorder-messages.ts";
import { Recorder } from "./recorder.ts";
import { closeLastRun } from "./recovery.ts";
import { Retention } from "./retention.ts";
import { loadStatementParser } from "./statements.ts";
import { Upkeep } from "./upkeep.ts";

/** What the recorder thread is started with. */
export interface RecorderThreadData {
  readonly path: string;
  readonly synchronous: "off" | "normal" | "full";
  /** An event is on disk at the latest this long after it was published. */
  readonly flushMs: number;
  /** See RecorderLoopOptions. */
  readonly idledMs?: number;
  /** Raw events older than this are removed. */
  readonly retentionMs: number;
  /** Raw events are removed while the log is larger. */
  readonly maxSizeBytes: number;
  /** See RetentionOptions. */
  readonly keptEvents?: number;
  readonly version: string;
  readonly host: string;
  readonly configHash: string;
  readonly mirrorings: readonly RunMirroring[];
  /** `mirror_metrics_enabled` */
  readonly metricsEnabled: boolean;
  /** See RecorderLoopOptions. */
  readonly signal: SharedArrayBuffer;
  readonly heartbeat: SharedArrayBuffer;
  /** The run that a recorder of this process was writing when it died; null to begin a new one. */
  readonly resume: number | null;
  /** RecorderCommand comes in by it; the signal is to be notified after each. */
  readonly commands: MessagePort;
}

/** Blocks its thread for the whole run. Errors are reported as `failed`, with a stable code. */
export async function runRecorder(
  data: RecorderThreadData,
  createProjections: (prefix?: string) => readonly Fold[],
  report: (report: RecorderReport) => void,
): Promise<void> {
  try {
    await loadStatementParser();
    const openRequests = new OpenRequests();
    const all = createProjections();
    // A run can't begin before it is known what the last one left behind; the other projections may come later.
    const needed = [openRequests, ...all.filter(({ isNeededAtStart }) => isNeededAtStart)];
    const projections = all.filter(({ isNeededAtStart }) => isNeededAtStart !== true);
    using log = await EventLog.open({ ...data, folds: needed, projections });
    const folds = [new OpenRequests(undefined, CHECKPOINT_PREFIX), ...createProjections(CHECKPOINT_PREFIX)];
    record(data, log, openRequests, folds, report);
    report({ type: "stopped" });
  } catch (error) {
    const code = error instanceof PgsoakError ? error.code : "log_unusable";
    report({ type: "failed", code, message: messageOf(error) });
  } finally {
    data.commands.close();
  }
}

function record(
  data: RecorderThreadData,
  log: EventLog,
  openRequests: OpenRequests,
  checkpoint: readonly Fold[],
  report: (report: RecorderReport) => void,
): void {
  const wallClock = createClock();
  const clock = new LogClock(wallClock, log.lastAt);
  const run = data.resume === null ? startRun(data, log, openRequests, clock) : resumeRun(data.resume, log);
  const recorder = new Recorder({ log, openRequests, run, clock, flushMs: data.flushMs, report });
  // They may have changed while there was no recorder.
  if (data.resume !== null) recorder.reconfigure(data.mirrorings);
  report({ type: "ready", run });
  const retention = new Retention({
    reader: log.reader,
    folds: checkpoint,
    retentionUs: data.retentionMs * 1000,
    maxBytes: data.maxSizeBytes,
    ...(data.keptEvents === undefined ? {} : { keptEvents: data.keptEvents }),
    // Not the log's, which a clock that was wrong for a while leaves in the future.
    clock: wallClock,
    onForgotten: (projections) => {
      const message = "projections begin with the first event that is left: older ones were removed";
      report({ type: "log", level: "warn", message, fields: { projections } });
    },
  });
  const upkeep = new Upkeep({ log, retention, clock, report });
  const isWhole = runRecorderLoop({
    ...data,
    recorder,
    log,
    upkeep,
    clock,
    onLimits: (limits) => retention.keep(limits),
  });
  try {
    // Without its last word the run counts as crashed, and the next one will say that something is missing.
    if (isWhole) log.appendBatch([{ kind: "run_stopped", at: clock.wallUs(), run }]);
  } catch (error) {
    report({ type: "log", level: "error", message: `The end of the run can't be written: ${messageOf(error)}` });
  }
  if (isWhole) return;
  const message = "The event log could not be written until the end: what was recorded last is lost";
  report({ type: "log", level: "error", message });
}

/**
 * Goes on with a run whose recorder has died: the requests in flight are still under way, and what the rings hold is still
 * to be written (see Recorder.resume).
 */
function resumeRun(run: number, log: EventLog): number {
  if (log.reader.lastRun() === run) return run;
  throw new PgsoakError("log_unusable", "Another pgsoak has written the event log since. Restart this one.");
}

/** Closes what the last run left open and begins a new one, in one batch. Returns the number of the run. */
function startRun(data: RecorderThreadData, log: EventLog, openRequests: OpenRequests, clock: Clock): number {
  const { version, host, configHash, mirrorings, metricsEnabled } = data;
  const at = clock.wallUs();
  const run = log.reader.lastRun() + 1;
  const closing = closeLastRun(log.reader.lastEvent(), openRequests.values(), at);
  const started = { kind: "run_started", at, run, version, host, configHash, mirrorings, metricsEnabled } as const;
  log.appendBatch([...closing, started, ...new Epochs(log.db).ofRun(at, mirrorings)]);
  return run;
}
