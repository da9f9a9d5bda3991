// Appends requests at a steady rate through a ring of its own until the old events of the log are gone and their space is
// given back, then stops the recorder.

import { setTimeout as sleep } from "node:timers/promises";
import { type MessagePort, workerData } from "node:worker_threads";
import { readExtent } from "../../src/events/extent.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { Producer } from "../events/producer.ts";

export interface RetentionLoad {
  readonly path: string;
  /** Removed up to here, it stops. */
  readonly oldSeq: number;
  readonly eventsPerSecond: number;
  readonly signal: SharedArrayBuffer;
  readonly commands: MessagePort;
}

const TURN_MS = 2;
const LOOK_MS = 100;
const FIRST_REQUEST = 20_000_000;
/** About what stays free in the file. */
const FREE_PAGES = 4500;

const { path, oldSeq, eventsPerSecond, signal, commands }: RetentionLoad = workerData;
const producer = new Producer(1, 65_536, FIRST_REQUEST);
commands.postMessage({ type: "attach", thread: 1, ring: producer.shared, port: producer.port }, [producer.port]);
const cell = new Int32Array(signal);
const wake = (): void => {
  Atomics.add(cell, 0, 1);
  Atomics.notify(cell, 0);
};
using reader = openReader(path);
const freePages = (): number => Number(reader.db.pragma("freelist_count", { simple: true }));
const startedMs = performance.now();
for (let made = 0, lookedMs = startedMs; ;) {
  const nowMs = performance.now();
  const at = Date.now() * 1000;
  for (; made < ((nowMs - startedMs) / 1000) * (eventsPerSecond / 2); made++) {
    const request = producer.queue(at);
    if (request !== null) producer.mirror(request, at);
  }
  producer.publish(at);
  wake();
  if (nowMs - lookedMs > LOOK_MS) {
    lookedMs = nowMs;
    if (readExtent(reader.db).removedSeq >= oldSeq && freePages() <= FREE_PAGES) break;
  }
  await sleep(TURN_MS);
}
commands.postMessage({ type: "stop" });
wake();
