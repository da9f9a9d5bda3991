// A closed log of one run that the real recorder has written, with every projection that follows it.

import { Producer } from "./producer.ts";
import { RecorderWorker } from "./recorder-worker.ts";
import { waitFor } from "../helpers/wait-for.ts";

/** Requests that fit into one ring with room for its tallies. */
const REQUESTS_PER_ROUND = 10_000;
const RING_SLOTS = 65_536;

/** `rounds` × 10,000 mirrored requests: two events each. */
export async function writeBusyLog(path: string, rounds = 2): Promise<void> {
  const producer = new Producer(1, RING_SLOTS);
  await using worker = new RecorderWorker(path);
  await waitFor(() => worker.reports.length > 0);
  worker.attach(producer);
  for (let round = 0; round < rounds; round++) {
    await waitFor(() => producer.ring.free > RING_SLOTS / 2);
    const at = Date.now() * 1000;
    for (let i = 0; i < REQUESTS_PER_ROUND; i++) producer.mirror(producer.queue(at)!, at);
    producer.publish(at);
    worker.wake();
  }
  worker.send({ type: "stop" });
  await worker.ended;
  producer.close();
}
