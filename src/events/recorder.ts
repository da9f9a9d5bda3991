// Turns what the proxy threads left in their rings into batches of the log.
//
//   ring ─┐  take the published ends, then the names, then the records
//   ring ─┼─▶ moments ─▶ one batch ─▶ EventLog.appendBatch ─▶ release the rings
//   main ─┘                                 └─ failed: rewind the rings, the same records come again
//
// What does not come from a ring stands between moments and never inside one. Each such event balances by itself: it
// carries no count, or it is the outcome of a request whose `queued` is in the log already.
//
// Nothing is freed before it is on disk. While the disk refuses, the rings fill up and the producers count what they
// can't hold; the books stay closed.

import type { MessagePort } from "node:worker_threads";
import { Epochs } from "./epochs.ts";
import type { EventLog } from "./event-log.ts";
import type { NewEvent, RunMirroring } from "./event.ts";
import { Ledger } from "./ledger.ts";
import type { LogClock } from "./log-clock.ts";
import { groupMoments, type Moment, type Publication } from "./moments.ts";
import type { OpenRequests } from "./open-requests.ts";
import { Outage } from "./outage.ts";
import { eventOfRecord } from "./record-event.ts";
import { RecordedThread } from "./recorded-thread.ts";
import type { EventPlace } from "./event-place.ts";
import type { RecorderReport } from "./recorder-messages.ts";
import { interrupted } from "./recovery.ts";

/** Records of one commit, over all rings. */
const BATCH_RECORDS_MAX = 20_000;
/** Rare events that wait for the disk to come back. */
const WAITING_EVENTS_MAX = 10_000;
/** Events of one drain whose askers wait for an answer. */
const ASKED_EVENTS_MAX = 1000;
/** A request's id is a multiple of this plus the number of its thread. */
const THREADS_MAX = 64;

export interface RecorderOptions {
  readonly log: EventLog;
  /** One of the log's folds. */
  readonly openRequests: OpenRequests;
  readonly run: number;
  readonly clock: LogClock;
  /** A moment of the log is no longer than this. */
  readonly flushMs: number;
  readonly report: (report: RecorderReport) => void;
}

/** How a drain ended: nothing to do, all written, written but more is there, or nothing could be written. */
export type Drained = "idle" | "done" | "more" | "failed";

export class Recorder {
  readonly outage: Outage;
  readonly #options: RecorderOptions;
  readonly #epochs: Epochs;
  #threads: RecordedThread[] = []; // a dead one stands before its successor
  #waiting: NewEvent[] = [];
  #isResumed = false;
  #appendedAt = Number.NEGATIVE_INFINITY;
  #asked: { readonly id: number; readonly event: NewEvent }[] = []; // at the end of the next batch, or never
  #overflowFrom: number | null = null; // since when WAITING_EVENTS_MAX has cost events

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#epochs = new Epochs(options.log.db);
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
    if (!this.#isResumed) this.#append(lost(log.lastAt, clock.wallUs(), "crash"));
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

  /** Takes an event of the main thread, whose order is kept, with the times of the wall clock. */
  append(event: NewEvent): void {
    const { clock } = this.#options;
    clock.wallUs(); // it may not have been read for a while
    const at = clock.placeUs(event.at);
    if (event.kind !== "unrecorded") this.#append({ ...event, at });
    else this.#append({ ...event, at, from: clock.placeUs(event.from), to: clock.placeUs(event.to) });
  }

  /** Nothing ran between `from` and now by the wall clock, or the clock was set forward: nobody watched that span. */
  stoodStill(from: number): void {
    const to = this.#options.clock.wallUs();
    this.#append(lost(from, to, "standstill", 0));
    const message = "the process stood still or the clock was set forward: that time is a gap";
    const fields = { seconds: Math.round((to - from) / 1_000_000) };
    this.#options.report({ type: "log", level: "warn", message, fields });
  }

  /** The mirrorings go on under other settings: appends the epochs that this begins. */
  reconfigure(mirrorings: readonly RunMirroring[]): void {
    for (const event of this.#epochs.ofRun(this.#options.clock.wallUs(), mirrorings)) this.#append(event);
  }

  /** As append, for somebody who waits to hear where it is in the log, or that it is not. */
  ask(id: number, event: NewEvent): void {
    if (this.#asked.length < ASKED_EVENTS_MAX) this.#asked.push({ id, event });
    else this.#options.report({ type: "appended", id, place: null });
  }

  /** Writes one batch. A log that can't be written is no error here: it is reported, and the batch is kept. */
  drain(): Drained {
    const threads = this.#threads.filter((thread, index) => this.#indexOf(thread.thread) === index);
    const beganAt = this.#options.clock.wallUs();
    try {
      const batch = this.#read(threads);
      const { log } = this.#options;
      for (const { ring } of threads) ring.intend(log.lastSeq + batch.length);
      if (batch.length > 0) log.appendBatch(batch);
      else log.checkInPlace();
      this.#answer({ seq: log.lastSeq, at: log.lastAt });
      for (const thread of threads) {
        thread.ring.release();
        thread.drained(beganAt);
      }
      this.#written();
      const isMore = this.#closeDead(threads) || threads.some((thread) => thread.isCut);
      if (isMore) return "more";
      return batch.length > 0 ? "done" : "idle";
    } catch (error) {
      for (const { ring } of threads) ring.rewind();
      this.#answer(null);
      this.outage.failed(error);
      return "failed";
    }
  }

  /** In log time. */
  #append(event: NewEvent): void {
    this.#appendedAt = Math.max(this.#appendedAt, event.at);
    this.#wait({ ...event, at: this.#appendedAt });
  }

  #wait(event: NewEvent): void {
    if (this.#waiting.length < WAITING_EVENTS_MAX) this.#waiting.push(event);
    else this.#overflowFrom ??= event.at;
  }

  #indexOf(thread: number): number {
    return this.#threads.findIndex((candidate) => candidate.thread === thread);
  }

  /** Answers those who asked; `last` is where the last of their events stands, null when they are not in the log. */
  #answer(last: EventPlace | null): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const [index, { id }] of asked.entries()) {
      // They are the end of their batch, and of one moment.
      const place = last === null ? null : { seq: last.seq - asked.length + 1 + index, at: last.at };
      this.#options.report({ type: "appended", id, place });
    }
  }

  #written(): void {
    this.#waiting = [];
    this.#overflowFrom = null;
    this.outage.succeeded();
  }

  #read(threads: readonly RecordedThread[]): NewEvent[] {
    const { log, clock } = this.#options;
    // The ends before the names: a name is always posted before the record that uses it is published.
    const ends = threads.map(({ ring }) => ring.published());
    const now = clock.wallUs();
    for (const thread of threads) thread.drainNames(log, clock, this.#epochs, (event) => this.#wait(event));
    const share = Math.ceil(BATCH_RECORDS_MAX / threads.length);
    const publications = threads.map((thread, index) => this.#publicationsOf(thread, ends[index]!, share));
    const rare = this.#waiting.toSorted((a, b) => a.at - b.at);
    // The batch that ends an outage says how long it was, also when nothing was lost.
    const { since } = this.outage;
    if (since !== null) rare.push(lost(since, now, "write_failed", 0));
    if (this.#overflowFrom !== null) rare.push(lost(this.#overflowFrom, now, "write_failed"));
    const batch: NewEvent[] = [];
    let placed = 0;
    for (const moment of groupMoments(publications, this.#options.flushMs * 1000, log.lastAt)) {
      while (placed < rare.length && rare[placed]!.at <= moment.at) batch.push(rare[placed++]!);
      this.#readMoment(moment, batch);
    }
    batch.push(...rare.slice(placed));
    for (const { event } of this.#asked) batch.push({ ...event, at: now });
    return batch;
  }

  #publicationsOf(thread: RecordedThread, end: number, recordsMax: number): Publication[] {
    const { clock, flushMs } = this.#options;
    thread.isIdle = false;
    if (thread.awaitsNames) {
      // A dead one will never say them: what it left is given up whole, so that the books still balance.
      if (thread.isDead) thread.ring.skip(end);
      return [];
    }
    const found = thread.ring.publications(end, recordsMax, flushMs * 1000);
    thread.isIdle = found.length === 0;
    thread.isCut = found.length > 0 && found[found.length - 1]!.end !== end;
    return found.map(({ end: behind, from, to }) => {
      return { thread, end: behind, from: clock.placeUs(from), to: clock.placeUs(to) };
    });
  }

  #readMoment({ from, at, publications }: Moment, batch: NewEvent[]): void {
    const { log, run, clock } = this.#options;
    const ledger = new Ledger(from, at);
    const isOutage = (wallUs: number): boolean => this.outage.covers(clock.placeUs(wallUs));
    const context = { log, run, at, ledger, isOutage };
    for (const { thread, end } of publications) {
      thread.ring.read(end, (record) => {
        const event = eventOfRecord(record, thread, context);
        if (event !== null) batch.push(event);
      });
      thread.lastAt = at;
    }
    batch.push(...ledger.events());
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

/** A span in which nothing was recorded; `requests` null: nobody knows how many were lost. */
function lost(
  from: number,
  to: number,
  cause: "crash" | "write_failed" | "standstill",
  requests: number | null = null,
): NewEvent {
  return { kind: "unrecorded", at: to, lane: null, from: Math.min(from, to), to, requests, cause };
}
