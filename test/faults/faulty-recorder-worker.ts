// The recorder thread with a weak spot: a fold that dies or hangs inside a batch when a file beside the log says so.
//
//   LOG.die    the thread ends in the middle of the transaction
//   LOG.died   the same right behind the commit of the batch, before the rings are released
//   LOG.hang   a FIFO: the thread waits in the kernel until somebody has opened it for writing and closed it
//   LOG.start  a FIFO: the same before the thread opens the log

import { existsSync, readFileSync, rmSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { EventLog } from "../../src/events/event-log.ts";
import type { Fold } from "../../src/events/fold.ts";
import { type RecorderThreadData, runRecorder } from "../../src/events/run-recorder.ts";
import { createProjections } from "../../src/projections/projections.ts";

const data: RecorderThreadData = workerData;

/** True once for each time that the file was made. */
function isAsked(what: "die" | "died"): boolean {
  const file = `${data.path}.${what}`;
  if (!existsSync(file)) return false;
  rmSync(file);
  return true;
}

function wait(what: "hang" | "start"): void {
  const fifo = `${data.path}.${what}`;
  if (existsSync(fifo)) readFileSync(fifo);
}

const weakSpot: Fold = {
  name: "weak_spot",
  version: 1,
  tables: [],
  clear: () => {},
  load: () => {},
  apply: () => {},
  save: () => {
    if (isAsked("die")) process.exit(1);
    wait("hang");
  },
};

// oxlint-disable-next-line typescript/unbound-method -- it is called with a log of its own below
const { appendBatch } = EventLog.prototype;
EventLog.prototype.appendBatch = function appendThenDie(this: EventLog, events) {
  appendBatch.call(this, events);
  if (isAsked("died")) process.exit(1);
};

const createFolds = (prefix = "") => [...createProjections(prefix), ...(prefix === "" ? [weakSpot] : [])];
wait("start");
await runRecorder(data, createFolds, (report) => parentPort!.postMessage(report));
