// One proxy thread as the recorder knows it: its ring, and what the ids it uses are called in the log.

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Epochs } from "./epochs.ts";
import type { EventLog } from "./event-log.ts";
import type { NewEvent } from "./event.ts";
import type { Failure } from "./failures.ts";
import type { LogClock } from "./log-clock.ts";
import type { NameMessage } from "./recorder-messages.ts";
import { RingConsumer } from "./ring.ts";

/** What a thread saw it publishes within milliseconds, and within this when it is very busy. */
const UNPUBLISHED_US = 1_000_000;
const UNKNOWN_FAILURE: Failure = { category: "query", attribution: "other", sqlstate: "", message: "" };

export class RecordedThread {
  readonly thread: number;
  readonly ring: RingConsumer;
  /** The thread has died: what is in its ring is all there will be. */
  isDead = false;
  /** Its ring names what it has not announced to this recorder yet. */
  awaitsNames = false;
  /** The last drain left published records behind. */
  isCut = false;
  /** The last drain found nothing in its ring. */
  isIdle = false;
  /** Up to here all that it saw is in the log: log time, microseconds. */
  lastAt: number;
  readonly #port: MessagePort;
  readonly #lanes: number[] = [];
  readonly #statements: number[] = [];
  readonly #failures: Failure[] = [];
  #observedAt = Number.NEGATIVE_INFINITY;

  constructor(thread: number, ring: SharedArrayBuffer, port: MessagePort, at: number) {
    this.thread = thread;
    this.lastAt = at;
    this.ring = new RingConsumer(ring);
    this.#port = port;
  }

  /** A drain that began at `at` is written. */
  drained(at: number): void {
    if (this.isIdle && !this.isDead) this.lastAt = Math.max(this.lastAt, at - UNPUBLISHED_US);
  }

  /** Takes in the names that have arrived. What is an event by itself goes to `append`, in its order. */
  drainNames(log: EventLog, clock: LogClock, epochs: Epochs, append: (event: NewEvent) => void): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      const message: NameMessage = received.message;
      switch (message.type) {
        case "lane":
          this.#lanes[message.id] = log.lanes.register(message.mirroring, message.database);
          break;
        case "statement":
          this.#statements[message.id] = log.statements.register(message.text);
          break;
        case "failure": {
          const { category, attribution, sqlstate, message: text } = message;
          this.#failures[message.id] = { category, attribution, sqlstate, message: text };
          break;
        }
        case "announced":
          this.awaitsNames = false;
          break;
        case "observation": {
          const { mirroring, state, cause } = message;
          const at = Math.max(this.#observedAt, clock.placeUs(message.at));
          this.#observedAt = at;
          append({ kind: "observation_changed", at, mirroring, state, cause });
          break;
        }
        case "mirror_facts": {
          const { mirroring, database, facts } = message;
          const at = clock.placeUs(message.at);
          for (const event of epochs.ofMirror(at, mirroring, database, facts)) append(event);
          break;
        }
      }
    }
  }

  /** The log's id of a lane. One that was never announced is a defect, but may not cost the count. */
  lane(id: number, log: EventLog): number {
    return (this.#lanes[id] ??= log.lanes.register("unknown", "unknown"));
  }

  /** The log's id of a statement; 0 for none. */
  statement(id: number): number {
    return this.#statements[id] ?? 0;
  }

  failure(id: number): Failure {
    return this.#failures[id] ?? UNKNOWN_FAILURE;
  }

  close(): void {
    this.#port.close();
  }
}
