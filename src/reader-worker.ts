// Entry of a reader worker: answers one question about the log after the other, on a read-only handle of its own, so that
// a long read blocks nobody.

import { parentPort, workerData } from "node:worker_threads";
import { messageOf, PgsoakError } from "./errors.ts";
import { explainSqliteError } from "./events/database.ts";
import { openReader } from "./events/log-reader.ts";
import { createAnswers } from "./service/answer-question.ts";
import type { ReaderQuestion, ReaderReport, ReaderWorkerData } from "./service/reader-messages.ts";

const port = parentPort;
if (port === null) throw new TypeError("reader-worker is the entry of a worker");
const { path }: ReaderWorkerData = workerData;
const answer = createAnswers(openReader(path));

const report = (said: ReaderReport): void => port.postMessage(said);

async function reply({ id, question }: ReaderQuestion): Promise<ReaderReport> {
  try {
    return { type: "answered", id, answer: await answer(question) };
  } catch (error) {
    const isOfLog = error instanceof Error && error.name === "SqliteError";
    const explained = isOfLog ? explainSqliteError(error, path) : error;
    const code = explained instanceof PgsoakError ? explained.code : null;
    return { type: "refused", id, code, message: messageOf(explained) };
  }
}

report({ type: "ready" });
port.on("message", (question: ReaderQuestion) => void reply(question).then(report));
