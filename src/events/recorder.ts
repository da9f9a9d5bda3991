// Turns what the proxy threads left in their rings into batches of the log.
//
//   ring ─┐  take the published ends, then the names, then the records
//   ring ─┼─▶ one batch ─▶ EventLog.appendBatch ─▶ release the rings
//   main ─┘                        └─ failed: rewind the rings, the same records come again
//
// Nothing is freed before it is on disk. While the disk refuses, the rings fill up and the producers count what they
// can't hold; the books stay closed.

import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import type { EventLog } from "./event-log.ts";
import type { NewEvent } from "./event.ts";
import { Ledger } from "./ledger.ts";
import type { OpenRequests } from "./open-requests.ts";
import { Outage } from "./outage.ts";
import { eventOfRecord } from "./record-event.ts";
import { RecordedThread } from "./recorded-thread.ts";
import type { RecorderReport } from "./recorder-messages.ts";
import { interrupted } from "./recovery.ts";

/** Records of one commit, over all rings. */
const BATCH_RECORDS_MAX = 20_000;
/** Rare events that wait for the disk to come back. */
const WAITING_EVENTS_MAX = 10_000;
/** A request's id is a multiple of this plus the number of its thread. */
const THREADS_MAX = 64;

export interface RecorderOptions {
  readonly log: EventLog;
  /** One of the log's folds. */
  readonly openRequests: OpenRequests;
  readonly run: number;
  readonly clock: Clock;
  readonly report: (report: RecorderReport) => void;
}

/** How a drain ended: nothing to do, all written, written but more is there, or nothing could be written. */
export type Drained = "idle" | "done" | "more" | "failed";

export class Recorder {
  readonly outage: Outage;
  readonly #options: RecorderOptions;
  #threads: RecordedThread[] = []; // a dead one stands before its successor
  #waiting: NewEvent[] = [];
  #isResumed = false;
  #overflowFrom: number | null = null; // since when WAITING_EVENTS_MAX has cost events

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.outage = new Outage(options.clock, options.report);
  }

  /** Takes on a proxy thread; a predecessor of the same number is closed first. */
  attach(thread: number, ring: SharedArrayBuffer, port: MessagePort): void {
    this.detach(thread);
    this.#threads.push(new RecordedThread(thread, ring, port, this.#options.clock.wallUs()));
  }

  /**
   * Takes on a thread that another recorder of this run has served until it died. Its ring is read when it has announced
   * its names again. The first one also brings the gap: what that recorder held in its hands nobody knows.
   */
  resume(thread: number, ring: SharedArrayBuffer, port: MessagePort): void {
    const { log, clock } = this.#options;
    if (!this.#isResumed) this.append(lost(log.reader.lastEvent()?.at ?? clock.wallUs(), clock.wallUs(), "crash"));
    this.#isResumed = true;
    this.attach(thread, ring, port);
    const resumed = this.#threads.at(-1)!;
    resumed.awaitsNames = true;
    resumed.ring.resume(log.openedSeq);
  }

  /** The thread has died. When its ring is drained, its open requests end as interrupted. */
  detach(thread: number): void {
    for (const dead of this.#threads) if (dead.thread === thread) dead.isDead = true;
  }

  append(event: NewEvent): void {
    if (this.#waiting.length < WAITING_EVENTS_MAX) this.#waiting.push(event);
    else this.#overflowFrom ??= event.at;
  }

  /** Writes one batch. A log that can't be written is no error here: it is reported, and the batch is kept. */
  drain(): Drained {
    const threads = this.#threads.filter((thread, index) => this.#indexOf(thread.thread) === index);
    try {
      const batch = this.#read(threads);
      const { log } = this.#options;
      for (const { ring } of threads) ring.intend(log.lastSeq + batch.length);
      if (batch.length > 0) log.appendBatch(batch);
      else log.checkInPlace();
      for (const { ring } of threads) ring.release();
      this.#written();
      const isMore = this.#closeDead(threads) || threads.some((thread) => thread.isCut);
      if (isMore) return "more";
      return batch.length > 0 ? "done" : "idle";
    } catch (error) {
      for (const { ring } of threads) ring.rewind();
      this.outage.failed(error);
      return "failed";
    }
  }

  #indexOf(thread: number): number {
    return this.#threads.findIndex((candidate) => candidate.thread === thread);
  }

  #written(): void {
    this.#waiting = [];
    this.#overflowFrom = null;
    this.outage.succeeded();
  }

  #read(threads: readonly RecordedThread[]): NewEvent[] {
    const { log, run, clock } = this.#options;
    // The ends before the names: a name is always posted before the record that uses it is published.
    const ends = threads.map(({ ring }) => ring.published());
    for (const thread of threads) thread.drainNames(log, (event) => this.append(event));
    const batch = [...this.#waiting];
    if (this.#overflowFrom !== null) batch.push(lost(this.#overflowFrom, clock.wallUs(), "write_failed"));
    const ledger = new Ledger();
    const context = { log, run, ledger, isOutage: (at: number) => this.outage.covers(at) };
    const share = Math.ceil(BATCH_RECORDS_MAX / threads.length);
    threads.forEach((thread, index) => {
      if (thread.awaitsNames) {
        // A dead one will never say them: what it left is given up whole, so that the books still balance.
        if (thread.isDead) thread.ring.skip(ends[index]!);
        return;
      }
      const end = thread.ring.balanced(ends[index]!, share);
      thread.isCut = end !== ends[index];
      thread.ring.read(end, (record) => {
        const event = eventOfRecord(record, thread, context);
        if (event !== null) batch.push(event);
        thread.lastAt = record.at;
      });
    });
    batch.push(...ledger.events());
    return batch;
  }

  /** Says goodbye to dead threads whose rings are drained. Returns whether that left events to write. */
  #closeDead(threads: readonly RecordedThread[]): boolean {
    const dead = threads.filter((thread) => thread.isDead && !thread.isCut);
    if (dead.length === 0) return false;
    const now = this.#options.clock.wallUs();
    for (const thread of dead) {
      this.#waiting.push(lost(Math.min(thread.lastAt, now), now, "crash"));
      for (const open of this.#options.openRequests.values()) {
        if (open.request % THREADS_MAX === thread.thread) this.#waiting.push(interrupted(open, now));
      }
      thread.close();
    }
    this.#threads = this.#threads.filter((thread) => !dead.includes(thread));
    return true;
  }
}

/** A span in which nobody knows how many requests were lost. */
function lost(from: number, to: number, cause: "crash" | "write_failed"): NewEvent {
  return { kind: "unrecorded", at: to, lane: null, from: Math.min(from, to), to, requests: null, cause };
}
