// Entry of the reader worker: answers one question about the raw log after the other, on a read-only handle of its own, so
// that a long scan blocks nobody.

import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "./errors.ts";
import { openReader } from "./events/log-reader.ts";
import { eventJson } from "./projections/event-json.ts";
import { createEventNames } from "./projections/event-names.ts";
import { readEventPage } from "./projections/event-page.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderWorkerData } from "./service/reader-messages.ts";

const port = parentPort;
if (port === null) throw new TypeError("reader-worker is the entry of a worker");
const { path }: ReaderWorkerData = workerData;
const reader = openReader(path);
const names = createEventNames(reader.db);

async function answer({ id, query }: ReaderQuestion): Promise<ReaderAnswer> {
  try {
    const { events, next, position } = await readEventPage(reader, query);
    const lines = events.map((event) => {
      return { seq: event.seq, kind: event.kind, json: JSON.stringify(eventJson(event, names)) };
    });
    return { id, page: { lines, next, position } };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}

port.on("message", (question: ReaderQuestion) => {
  void answer(question).then((said) => port.postMessage(said));
});
