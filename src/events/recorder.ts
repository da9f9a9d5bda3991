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
import type { Epochs } from "./epochs.ts";
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
/** Events of one drain whose askers wait for an answer. */
const ASKED_EVENTS_MAX = 1000;
/** A request's id is a multiple of this plus the number of its thread. */
const THREADS_MAX = 64;

export interface RecorderOptions {
  readonly log: EventLog;
  /** One of the log's folds. */
  readonly openRequests: OpenRequests;
  readonly epochs: Epochs;
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
  #asked: { readonly id: number; readonly event: NewEvent }[] = []; // at the end of the next batch, or never
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

  /** The thread has died. When its ring is drained, its open requests end as interrupted. */
  detach(thread: number): void {
    for (const dead of this.#threads) if (dead.thread === thread) dead.isDead = true;
  }

  append(event: NewEvent): void {
    if (this.#waiting.length < WAITING_EVENTS_MAX) this.#waiting.push(event);
    else this.#overflowFrom ??= event.at;
  }

  /** As append, for somebody who waits to hear where it is in the log, or that it is not. */
  ask(id: number, event: NewEvent): void {
    if (this.#asked.length < ASKED_EVENTS_MAX) this.#asked.push({ id, event });
    else this.#options.report({ type: "appended", id, seq: null });
  }

  /** Writes one batch. A log that can't be written is no error here: it is reported, and the batch is kept. */
  drain(): Drained {
    const threads = this.#threads.filter((thread, index) => this.#indexOf(thread.thread) === index);
    try {
      const batch = this.#read(threads);
      if (batch.length > 0) this.#options.log.appendBatch(batch);
      this.#answer(this.#options.log.lastSeq);
      for (const { ring } of threads) ring.release();
      if (batch.length > 0) this.#written();
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

  #indexOf(thread: number): number {
    return this.#threads.findIndex((candidate) => candidate.thread === thread);
  }

  /** Answers those who asked; `lastSeq` is that of the last of their events, null when they are not in the log. */
  #answer(lastSeq: number | null): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const [index, { id }] of asked.entries()) {
      const seq = lastSeq === null ? null : lastSeq - asked.length + 1 + index;
      this.#options.report({ type: "appended", id, seq });
    }
  }

  #written(): void {
    this.#waiting = [];
    this.#overflowFrom = null;
    this.outage.succeeded();
  }

  #read(threads: readonly RecordedThread[]): NewEvent[] {
    const { log, run, clock, epochs } = this.#options;
    // The ends before the names: a name is always posted before the record that uses it is published.
    const ends = threads.map(({ ring }) => ring.published());
    for (const thread of threads) thread.drainNames(log, epochs, (event) => this.append(event));
    const batch = [...this.#waiting];
    // The batch that ends an outage says how long it was, also when nothing was lost.
    const { since } = this.outage;
    if (since !== null) batch.push(lost(since, clock.wallUs(), "write_failed", 0));
    if (this.#overflowFrom !== null) batch.push(lost(this.#overflowFrom, clock.wallUs(), "write_failed"));
    const ledger = new Ledger();
    const context = { log, run, ledger, isOutage: (at: number) => this.outage.covers(at) };
    const share = Math.ceil(BATCH_RECORDS_MAX / threads.length);
    threads.forEach((thread, index) => {
      const end = thread.ring.balanced(ends[index]!, share);
      thread.isCut = end !== ends[index];
      thread.ring.read(end, (record) => {
        const event = eventOfRecord(record, thread, context);
        if (event !== null) batch.push(event);
        thread.lastAt = record.at;
      });
    });
    batch.push(...ledger.events());
    const now = clock.wallUs();
    for (const { event } of this.#asked) batch.push({ ...event, at: now });
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

/** A span in which nothing was recorded; `requests` null: nobody knows how many were lost. */
function lost(from: number, to: number, cause: "crash" | "write_failed", requests: number | null = null): NewEvent {
  return { kind: "unrecorded", at: to, lane: null, from: Math.min(from, to), to, requests, cause };
}
