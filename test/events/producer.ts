// A proxy thread as the recorder sees it: writes balanced books into a real ring and names over a real port.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { PARITIES } from "../../src/events/event.ts";
import type { NameMessage } from "../../src/events/recorder-messages.ts";
import * as ring from "../../src/events/ring.ts";

/** Slots of the smallest ring there is. */
export const SMALL_RING = 4096;

export class Producer {
  readonly thread: number;
  readonly shared: SharedArrayBuffer;
  /** The recorder's end. */
  readonly port: MessagePort;
  readonly ring: ring.RingProducer;
  readonly #port: MessagePort;
  #requests: number;
  #seen = 0;
  #unrecorded = 0;
  #skipped = 0;

  /** `firstRequest` keeps a successor's ids apart from its predecessor's. */
  constructor(thread: number, slots = SMALL_RING, firstRequest = 0) {
    this.#requests = firstRequest;
    const { port1, port2 } = new MessageChannel();
    this.thread = thread;
    this.shared = ring.createRingBuffer(slots);
    this.ring = new ring.RingProducer(this.shared);
    this.port = port2;
    this.#port = port1;
    this.tell({ type: "lane", id: 1, mirroring: "candidate", database: "app" });
    this.tell({ type: "statement", id: 1, text: "select 1" });
  }

  tell(message: NameMessage): void {
    this.#port.postMessage(message);
  }

  /** Queues a request of lane 1; null when the ring has no room, which is counted. */
  queue(at: number): number | null {
    this.#seen++;
    if (!this.ring.reserve(2)) {
      this.#unrecorded++;
      return null;
    }
    const request = ++this.#requests * 64 + this.thread;
    this.ring.writeQueued(at, request, 1, 1, 5, 100);
    return request;
  }

  mirror(request: number, at: number): void {
    this.ring.writeOutcome(ring.RECORD_MIRRORED, at, request, 1, 1, 300, 200, 10, 1, PARITIES.indexOf("match"), -1);
  }

  fail(request: number, at: number, failure: number): void {
    this.ring.writeOutcome(ring.RECORD_ERRORED, at, request, 1, 1, 300, 200, 10, 0, failure, -1);
  }

  /** Sees requests of lane 1 that are skipped, which the next publication tells. */
  skip(requests: number): void {
    this.#seen += requests;
    this.#skipped += requests;
  }

  /** Writes the tallies and makes all of it visible. False: the ring has no room for the tallies now. */
  publish(at: number): boolean {
    if (!this.ring.hasLedgerRoom(3)) return false;
    if (this.#seen > 0) this.ring.writeLedger(ring.RECORD_TALLY, at, 1, this.#seen, 0);
    if (this.#unrecorded > 0) this.ring.writeLedger(ring.RECORD_UNRECORDED, at, 1, this.#unrecorded, 0);
    if (this.#skipped > 0) this.ring.writeLedger(ring.RECORD_SKIP, at, 1, this.#skipped, 0);
    this.#seen = 0;
    this.#unrecorded = 0;
    this.#skipped = 0;
    this.ring.publish();
    return true;
  }

  close(): void {
    this.#port.close();
  }
}
