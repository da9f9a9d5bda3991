// A process that records load into the log at its first argument until it is killed, or stops well when its standard
// input ends; the log is kept at the size of its second argument, and each producer queues as many requests in a turn as
// the third says, or as many as the recorder keeps up with. Every report of the recorder is a line of JSON on standard
// output.

import { STATEMENT_CHUNK_EVENTS } from "../../src/projections/statement-rollups.ts";
import type { RecorderReport } from "../../src/events/recorder-messages.ts";
import { Producer } from "./producer.ts";
import { RecorderWorker } from "./recorder-worker.ts";

const isPaced = process.argv[4] === "";
const REQUESTS_PER_TURN = isPaced ? 60 : Number(process.argv[4]);
const RING_SLOTS = 16_384;
const IN_FLIGHT = 25;

const producers = [new Producer(1, RING_SLOTS), new Producer(2, RING_SLOTS)];
const inFlight: number[][] = [[], []];
const onReport = (report: RecorderReport): void => {
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.type === "ready") start();
};
const worker = new RecorderWorker(process.argv[2]!, onReport, {
  maxSizeBytes: Number(process.argv[3]),
  keptEvents: STATEMENT_CHUNK_EVENTS,
});
const ending = { isDue: false };

function start(): void {
  for (const producer of producers) worker.attach(producer);
  turn();
}

/** Requests begin, older ones end; then everything is published and the event loop gets its turn. */
function turn(): void {
  const at = Date.now() * 1000;
  producers.forEach((producer, index) => {
    const open = inFlight[index]!;
    const isBehind = isPaced && producer.ring.free < RING_SLOTS / 2;
    for (let i = 0; i < (ending.isDue || isBehind ? 0 : REQUESTS_PER_TURN); i++) {
      const request = producer.queue(at);
      if (request !== null) open.push(request);
    }
    while (open.length > (ending.isDue ? 0 : IN_FLIGHT)) producer.mirror(open.shift()!, at);
    producer.publish(at);
  });
  worker.wake();
  if (ending.isDue) worker.send({ type: "stop" });
  else setTimeout(turn, 2);
}

process.stdin.resume();
process.stdin.once("end", () => (ending.isDue = true));
await worker.ended;
for (const producer of producers) producer.close();
await worker[Symbol.asyncDispose]();
