// A recorder on a log of its own, driven drain by drain in the test's own thread.

import { expect } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { EventLog } from "../../src/events/event-log.ts";
import type { MirrorEvent } from "../../src/events/event.ts";
import { LogClock } from "../../src/events/log-clock.ts";
import { KnownFacts } from "../../src/events/known-facts.ts";
import { OpenRequests } from "../../src/events/open-requests.ts";
import type { RecorderReport } from "../../src/events/recorder-messages.ts";
import { Recorder } from "../../src/events/recorder.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { logFolder } from "./log-folder.ts";
import { Producer } from "./producer.ts";

/** What the clock says unless a test brings its own. */
export const NOW_US = 1_000_000;
/** A moment is no longer. */
export const FLUSH_MS = 50;

export interface RecorderFixture extends Disposable {
  readonly log: EventLog;
  readonly open: OpenRequests;
  readonly recorder: Recorder;
  readonly reports: RecorderReport[];
  /** A producer that the recorder knows. */
  attach(thread: number, slots?: number, firstRequest?: number): Producer;
  /** Behind `after`. */
  events(after?: number): MirrorEvent[];
  /** Until nothing is left; a failure fails the test. */
  drainAll(): void;
}

export async function openRecorder(options: { readonly clock?: Clock } = {}): Promise<RecorderFixture> {
  await loadStatementParser();
  const folder = logFolder();
  const open = new OpenRequests();
  const log = await EventLog.open({ path: folder.path, folds: [open, new KnownFacts()] });
  const reports: RecorderReport[] = [];
  const report = (one: RecorderReport): void => void reports.push(one);
  const clock = new LogClock(options.clock ?? { nowMs: () => 0, wallUs: () => NOW_US }, log.lastAt);
  const recorder = new Recorder({ log, openRequests: open, run: 0, clock, flushMs: FLUSH_MS, report });
  const producers: Producer[] = [];
  return {
    log,
    open,
    recorder,
    reports,
    attach: (thread, slots, firstRequest) => {
      const producer = new Producer(thread, slots, firstRequest);
      producers.push(producer);
      recorder.attach(thread, producer.shared, producer.port);
      return producer;
    },
    events: (after = 0) => {
      const events: MirrorEvent[] = [];
      log.reader.scan(after, (event) => events.push(event));
      return events;
    },
    drainAll: () => {
      for (let drained = recorder.drain(); drained !== "idle"; drained = recorder.drain()) {
        expect(drained).not.toBe("failed");
      }
    },
    [Symbol.dispose]: () => {
      for (const producer of producers) producer.close();
      log.close();
      folder[Symbol.dispose]();
    },
  };
}
