// Answers the API's questions about the log in a thread of its own: one at a time, a bounded number of waiting ones, a
// limit of time for each. A worker that dies or hangs is replaced when the next question comes.

import { Worker } from "node:worker_threads";
import { BusyError, type LogAnswers, type LogQuestion, type LogQuestions } from "../api/log-questions.ts";
import { type ErrorCode, messageOf, PgsoakError } from "../errors.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderWorkerData } from "./reader-messages.ts";
import { workerUrl } from "./worker-url.ts";

const WAITING_MAX = 64;
const ANSWER_MS = 10_000;

interface Asked {
  readonly question: LogQuestion;
  readonly resolve: (answer: LogAnswers[LogQuestion["kind"]]) => void;
  readonly reject: (error: Error) => void;
}

export class LogReading implements LogQuestions {
  readonly #path: string;
  readonly #answerMs: number;
  readonly #waiting: Asked[] = [];
  #worker: Worker | null = null;
  #current: (Asked & { readonly id: number; readonly timer: NodeJS.Timeout }) | null = null;
  #ids = 0;
  #closed = false;

  /** `path` is that of a log that exists; nothing is opened before the first question. `answerMs`: for tests. */
  constructor(path: string, answerMs = ANSWER_MS) {
    this.#path = path;
    this.#answerMs = answerMs;
  }

  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> {
    if (this.#closed) return Promise.reject(new BusyError("pgsoak is stopping"));
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new BusyError("too many questions about the log"));
    const { promise, resolve, reject } = Promise.withResolvers<LogAnswers[Q["kind"]]>();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker answers each kind with its own
    this.#waiting.push({ question, resolve: resolve as Asked["resolve"], reject });
    this.#next();
    return promise;
  }

  /** Who waits hears that it is over. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    for (const { reject } of this.#waiting.splice(0)) reject(new BusyError("pgsoak is stopping"));
    this.#finish()?.reject(new BusyError("pgsoak is stopping"));
    this.#worker = null;
    await worker?.terminate();
  }

  #next(): void {
    if (this.#current !== null) return;
    const asked = this.#waiting.shift();
    if (asked === undefined) return;
    const id = ++this.#ids;
    const timer = setTimeout(() => this.#failed(new BusyError("the log took too long to answer")), this.#answerMs);
    this.#current = { ...asked, id, timer };
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, question: asked.question } satisfies ReaderQuestion);
  }

  #start(): Worker {
    const data: ReaderWorkerData = { path: this.#path };
    const worker = new Worker(workerUrl("reader-worker"), { workerData: data });
    worker.on("message", (answer: ReaderAnswer) => this.#answered(answer));
    const died = (cause: string): void => {
      if (this.#worker === worker) this.#failed(new PgsoakError("log_unusable", cause));
    };
    worker.on("error", (error) => died(messageOf(error)));
    worker.on("exit", () => died("the thread that reads the log has ended"));
    return worker;
  }

  #answered(answer: ReaderAnswer): void {
    if (answer.id !== this.#current?.id) return;
    const asked = this.#finish();
    if ("answer" in answer) asked?.resolve(answer.answer);
    else asked?.reject(errorOf(answer.error));
    this.#next();
  }

  /** Gives the worker up together with its question. */
  #failed(error: Error): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    this.#finish()?.reject(error);
    if (!this.#closed) this.#next();
  }

  #finish(): Asked | null {
    const asked = this.#current;
    if (asked !== null) clearTimeout(asked.timer);
    this.#current = null;
    return asked;
  }
}

function errorOf({ code, message }: { readonly code: ErrorCode | null; readonly message: string }): Error {
  return code === null ? new Error(message) : new PgsoakError(code, message);
}
