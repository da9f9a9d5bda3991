// Retention beside recording: how long its steps keep the writer from new events while old ones are removed, and whether
// one is lost.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { createClock } from "../../src/clock.ts";
import { createHeartbeatBuffer } from "../../src/events/heartbeat.ts";
import { LogClock } from "../../src/events/log-clock.ts";
import { CHECKPOINT_PREFIX } from "../../src/events/checkpoint.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import { runRecorderLoop } from "../../src/events/recorder-loop.ts";
import { Recorder } from "../../src/events/recorder.ts";
import { Retention } from "../../src/events/retention.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { Upkeep } from "../../src/events/upkeep.ts";
import { createProjections } from "../../src/projections/projections.ts";
import { readStats } from "../../src/projections/read-stats.ts";
import { manyEvents } from "../events/many-events.ts";
import type { RetentionLoad } from "./retention-load-worker.ts";

const DAY_US = 86_400_000_000;
/** On two lanes: more than a bucket of time keeps a row for. */
const STATEMENTS = 250;
/** Between two old requests: a million events fill an hour of buckets. */
const STEP_US = 7200;

export interface RetentionFigures {
  readonly longestMs: number;
  readonly p99Ms: number;
  /** The longest by the processor's time: without what the machine did besides, and without the disk. */
  readonly longestCpuMs: number;
  readonly unrecorded: number;
  /** Removed while the load went on. */
  readonly eventsPerSecond: number;
}

interface Hold {
  readonly wallMs: number;
  readonly cpuMs: number;
}

function hold<Result>(holds: Hold[], work: () => Result): Result {
  const [startedMs, startedCpu] = [performance.now(), process.threadCpuUsage()];
  const result = work();
  const { user, system } = process.threadCpuUsage(startedCpu);
  holds.push({ wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 });
  return result;
}

export async function benchRetention(events: number, loadPerSecond = 20_000): Promise<RetentionFigures> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
  const path = join(folder, "pgsoak.db");
  await loadStatementParser();
  const openRequests = new OpenRequests();
  const log = await EventLog.open({ path, folds: [openRequests, ...createProjections()] });
  try {
    const clock = new LogClock(createClock(), log.lastAt);
    for (const batch of manyEvents(log, events, {
      at: clock.wallUs() - 60 * DAY_US,
      stepUs: STEP_US,
      statements: STATEMENTS,
    }))
      log.appendBatch(batch);
    log.tidy();
    const oldSeq = log.lastSeq;
    const steps: Hold[] = [];
    const recorder = new Recorder({ log, openRequests, run: 1, clock, flushMs: 50, report: () => {} });
    const retention = new Retention({
      reader: log.reader,
      folds: [new OpenRequests(undefined, CHECKPOINT_PREFIX), ...createProjections(CHECKPOINT_PREFIX)],
      retentionUs: 30 * DAY_US,
      maxBytes: Number.MAX_SAFE_INTEGER,
      clock,
    });
    const timed = {
      due: () => retention.due(),
      remove: (readMs: number) => hold(steps, () => retention.remove(readMs)),
      giveBack: (readMs: number) => hold(steps, () => retention.giveBack(readMs)),
    };
    const upkeep = new Upkeep({ log, retention: timed, clock, report: () => {} });
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(4);
    const load: RetentionLoad = { path, oldSeq, eventsPerSecond: loadPerSecond, signal, commands: port1 };
    const worker = new Worker(new URL("./retention-load-worker.ts", import.meta.url), {
      workerData: load,
      transferList: [port1],
    });
    const startedMs = performance.now();
    runRecorderLoop({
      recorder,
      log,
      upkeep,
      clock,
      signal,
      commands: port2,
      flushMs: 50,
      heartbeat: createHeartbeatBuffer(),
    });
    const spentMs = performance.now() - startedMs;
    port2.close();
    await worker.terminate();
    const { unrecorded } = await readStats(log.reader);
    const sorted = steps.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b);
    return {
      longestMs: sorted.at(-1)!,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)]!,
      longestCpuMs: Math.max(...steps.map(({ cpuMs }) => cpuMs)),
      unrecorded,
      eventsPerSecond: (oldSeq / spentMs) * 1000,
    };
  } finally {
    log.close();
    rmSync(folder, { recursive: true });
  }
}
