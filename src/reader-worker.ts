// Entry of the reader worker: answers one question about the log after the other, on a read-only handle of its own, so
// that a long read blocks nobody.

import { parentPort, workerData } from "node:worker_threads";
import { messageOf, PgsoakError } from "./errors.ts";
import { explainSqliteError } from "./events/database.ts";
import { openReader } from "./events/log-reader.ts";
import { createAnswers } from "./service/answer-question.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderWorkerData } from "./service/reader-messages.ts";

const port = parentPort;
if (port === null) throw new TypeError("reader-worker is the entry of a worker");
const { path }: ReaderWorkerData = workerData;
const answer = createAnswers(openReader(path));

async function say({ id, question }: ReaderQuestion): Promise<ReaderAnswer> {
  try {
    return { id, answer: await answer(question) };
  } catch (error) {
    const isOfLog = error instanceof Error && error.name === "SqliteError";
    const explained = isOfLog ? explainSqliteError(error, path) : error;
    const code = explained instanceof PgsoakError ? explained.code : null;
    return { id, error: { code, message: messageOf(explained) } };
  }
}

port.on("message", (question: ReaderQuestion) => {
  void say(question).then((said) => port.postMessage(said));
});
