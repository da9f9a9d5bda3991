// Entry of the recorder thread: says which projections follow the log. The recorder itself is in events/.

import { parentPort, workerData } from "node:worker_threads";
import { type RecorderThreadData, runRecorder } from "./events/run-recorder.ts";
import { createProjections } from "./projections/projections.ts";

const port = parentPort;
if (port === null) throw new TypeError("recorder-thread is the entry of a worker");
const data: RecorderThreadData = workerData;
await runRecorder(data, createProjections, (report) => port.postMessage(report));
