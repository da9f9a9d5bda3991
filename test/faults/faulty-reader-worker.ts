// A thread that reads the log with a weak spot: it dies or hangs before a question when a file beside the log says so.
//
//   LOG.fall   the thread ends
//   LOG.stuck  a FIFO: the thread waits in the kernel until somebody has opened it for writing and closed it

import { existsSync, readFileSync, rmSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { ReaderWorkerData } from "../../src/service/reader-messages.ts";

const { path }: ReaderWorkerData = workerData;

parentPort!.on("message", () => {
  if (existsSync(`${path}.fall`)) {
    rmSync(`${path}.fall`);
    process.exit(1);
  }
  if (existsSync(`${path}.stuck`)) readFileSync(`${path}.stuck`);
});

await import("../../src/reader-worker.ts");
