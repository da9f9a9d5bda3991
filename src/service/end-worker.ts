// Ends a worker thread, as far as that is possible: one that waits for a disk in the kernel ends when the disk answers.

import type { Worker } from "node:worker_threads";

/** Such a thread must not keep whoever stops. */
const END_MS = 1000;

/** Resolves when it has ended, or after END_MS. */
export async function endWorker(worker: Worker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_MS)));
  await Promise.race([worker.terminate(), enough]);
  clearTimeout(timer);
}
