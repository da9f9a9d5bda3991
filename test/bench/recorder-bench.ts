// How fast the recorder takes events from rings to a file with every fold following, and what an event costs on disk.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { createClock } from "../../src/clock.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { LogClock } from "../../src/events/log-clock.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import type { NameMessage } from "../../src/events/recorder-messages.ts";
import { Recorder } from "../../src/events/recorder.ts";
import { createRingBuffer, RECORD_MIRRORED, RECORD_TALLY, RingProducer } from "../../src/events/ring.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { createProjections } from "../../src/projections/projections.ts";

const THREADS = 2;
const STATEMENTS = 200;
/** What a thread at 20,000 requests a second has ready when the recorder comes by every 25 ms. */
const REQUESTS_PER_DRAIN = 500;
const IN_FLIGHT = 32;
/** A run of some days: ids have grown to the size that they have for most of a soak. */
const FIRST_REQUEST = 20_000_000;

export interface RecorderFigures {
  readonly eventsPerSecond: number;
  readonly bytesPerEvent: number;
}

/** Half queued, half outcomes, a tally a drain and thread. The time counted is that of the recorder alone. */
export async function benchRecorder(events = 1_000_000): Promise<RecorderFigures> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
  const path = join(folder, "pgsoak.db");
  await loadStatementParser();
  const openRequests = new OpenRequests();
  const log = await EventLog.open({ path, folds: [openRequests, ...createProjections()] });
  try {
    const clock = new LogClock(createClock(), log.lastAt);
    const recorder = new Recorder({ log, openRequests, run: 1, clock, flushMs: 50, report: () => {} });
    const producers = Array.from({ length: THREADS }, (_, thread) => attachProducer(recorder, thread));
    let spentMs = 0;
    while (log.lastSeq < events) {
      for (const produce of producers) produce();
      const startedMs = performance.now();
      recorder.drain();
      spentMs += performance.now() - startedMs;
    }
    const eventsPerSecond = (log.lastSeq / spentMs) * 1000;
    const written = log.lastSeq;
    log.close();
    return { eventsPerSecond, bytesPerEvent: statSync(path).size / written };
  } finally {
    if (log.db.open) log.close();
    rmSync(folder, { recursive: true });
  }
}

/** Returns what writes and publishes a thread's share of one drain. */
function attachProducer(recorder: Recorder, thread: number): () => void {
  const shared = createRingBuffer(8192);
  const ring = new RingProducer(shared);
  const { port1, port2 } = new MessageChannel();
  const tell = (message: NameMessage): void => port1.postMessage(message);
  recorder.attach(thread, shared, port2);
  tell({ type: "lane", id: 1, mirroring: "candidate", database: "app" });
  for (let id = 1; id <= STATEMENTS; id++) {
    tell({ type: "statement", id, text: `select a${id} from t where id = 1` });
  }
  const random = createRandom(thread + 1);
  let queued = FIRST_REQUEST;
  const start = (at: number): void => {
    const statement = 1 + (queued % STATEMENTS);
    ring.reserve(2);
    ring.writeQueued(at, queued++ * 64 + thread, 1, statement, 64 * (1 + (queued % 200)) + thread, 40 + random(200));
  };
  const finish = (at: number): void => {
    const request = queued - IN_FLIGHT;
    const statement = 1 + (request % STATEMENTS);
    const [mirrorUs, primaryUs, waitUs] = [250 + random(2500), 200 + random(2000), 20 + random(400)];
    ring.writeOutcome(
      RECORD_MIRRORED,
      at,
      request * 64 + thread,
      1,
      statement,
      mirrorUs,
      primaryUs,
      waitUs,
      random(20),
      0,
      -1,
    );
  };
  let at = Date.now() * 1000;
  for (let i = 0; i < IN_FLIGHT; i++) start(at);
  return () => {
    for (let i = 0; i < REQUESTS_PER_DRAIN; i++) {
      at += 50;
      start(at);
      finish(at);
    }
    ring.writeLedger(RECORD_TALLY, at, 1, REQUESTS_PER_DRAIN, 0);
    ring.publish();
  };
}

/** Whole numbers below `limit`, the same ones in every run. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
