// The entry of a proxy thread.

import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "./errors.ts";
import { ProxyThread } from "./proxy/proxy-thread.ts";
import type { ProxyThreadData } from "./proxy/thread-messages.ts";

const port = parentPort!;
const data: ProxyThreadData = workerData;
const thread = new ProxyThread(data, port);

process.on("uncaughtException", (error) => {
  thread.crash();
  port.postMessage({
    type: "log",
    level: "error",
    message: "a proxy thread died",
    fields: { cause: messageOf(error), stack: error.stack },
  });
  // Its clients' last words must leave first.
  setTimeout(() => process.exit(1), 100);
});

await thread.start();
