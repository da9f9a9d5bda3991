// Answers questions about the log in a thread of its own: one at a time, a bounded number of waiting ones, and each is
// answered or refused in bounded time. A thread that dies is replaced. One that hangs, because its disk does, is given up
// and replaced once; when that one hangs too, nobody waits any more until one of them has come back.

import { Worker } from "node:worker_threads";
import {
  BusyError,
  type LogAnswers,
  type LogQuestion,
  type LogQuestions,
  SilentLogError,
} from "../api/log-questions.ts";
import type { ReadingStatus, Unanswered } from "../api/live-status.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import { endWorker } from "./end-worker.ts";
import type { ReaderQuestion, ReaderReport, ReaderWorkerData } from "./reader-messages.ts";
import { workerUrl } from "./worker-url.ts";

const WAITING_MAX = 64;
/** Threads that were given up and have not ended: they wait for the disk. */
const HANGING_MAX = 2;
/** For a thread to start and to open the log. A machine that is overloaded must not be taken for a disk that hangs. */
const START_MS = 20_000;
/** Who asks while it starts waits so much longer, and still less than a scraper does. */
const STARTING_MS = 3000;

const HANGS = "a disk that hangs, or a machine that is overloaded";

export interface LogReadingOptions {
  /** Of a log that exists; nothing is opened before the first question. */
  readonly path: string;
  /** For each question, waiting included, and for the thread to answer one of them; while it starts, STARTING_MS more. */
  readonly answerMs: number;
  /** The file of the thread. */
  readonly entry?: URL;
  /** Called when the log can be read again, or can't be any more. */
  readonly onChange?: (status: ReadingStatus) => void;
}

interface Asked {
  readonly id: number;
  readonly question: LogQuestion;
  readonly resolve: (answer: LogAnswers[LogQuestion["kind"]]) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
  /** Whoever asked has been answered, whatever the worker still says. */
  isOver: boolean;
}

export class LogReading implements LogQuestions {
  readonly #o: LogReadingOptions;
  readonly #waiting: Asked[] = [];
  #current: Asked | null = null;
  #worker: Worker | null = null;
  #isReady = false;
  /** Runs while the worker owes something: its start, or an answer. */
  #patience: NodeJS.Timeout | undefined;
  readonly #hanging = new Set<Worker>();
  #ids = 0;
  #closed = false;
  #cause = "";
  readonly #unanswered: Record<Unanswered, number> = { busy: 0, timeout: 0, died: 0, error: 0 };

  constructor(options: LogReadingOptions) {
    this.#o = options;
  }

  get status(): ReadingStatus {
    return { state: this.#cause === "" ? "ok" : "broken", cause: this.#cause, unanswered: this.#unanswered };
  }

  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> {
    if (this.#closed) return Promise.reject(new BusyError("pgsoak is stopping"));
    if (this.#hangs()) return Promise.reject(this.#count("timeout", new SilentLogError(this.#cause)));
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(this.#count("busy", new BusyError("too many questions about the log")));
    }
    const { promise, resolve, reject } = Promise.withResolvers<LogAnswers[Q["kind"]]>();
    const asked: Asked = {
      id: ++this.#ids,
      question,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker answers each kind with its own
      resolve: resolve as Asked["resolve"],
      reject,
      timer: undefined,
      isOver: false,
    };
    const patienceMs = this.#o.answerMs + (this.#isReady ? 0 : STARTING_MS);
    asked.timer = setTimeout(() => this.#late(asked, patienceMs), patienceMs);
    this.#waiting.push(asked);
    this.#next();
    return promise;
  }

  /** Who waits hears that it is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#patience);
    const worker = this.#worker;
    this.#worker = null;
    const stopping = new BusyError("pgsoak is stopping");
    if (this.#current !== null) this.#refuse(this.#current, null, stopping);
    this.#refuseAll(null, stopping);
    await Promise.all([...this.#hanging, ...(worker === null ? [] : [worker])].map(endWorker));
  }

  #hangs(): boolean {
    return this.#worker === null && this.#hanging.size >= HANGING_MAX;
  }

  #next(): void {
    if (this.#current !== null || this.#closed) return;
    if (this.#hangs()) {
      this.#refuseAll("timeout", new SilentLogError(this.#cause));
      return;
    }
    const asked = this.#waiting.shift();
    if (asked === undefined) return;
    this.#current = asked;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id: asked.id, question: asked.question } satisfies ReaderQuestion);
    if (this.#isReady) this.#expect(this.#o.answerMs);
  }

  #start(): Worker {
    const { path, entry = workerUrl("reader-worker") } = this.#o;
    const worker = new Worker(entry, { workerData: { path } satisfies ReaderWorkerData });
    this.#isReady = false;
    this.#expect(START_MS);
    let cause = "the thread that reads the log has ended";
    worker.on("message", (report: ReaderReport) => {
      if (this.#worker === worker) this.#heard(report);
    });
    worker.on("error", (error) => (cause = messageOf(error)));
    worker.on("exit", () => {
      this.#hanging.delete(worker);
      if (this.#worker === worker) this.#lost("died", new PgsoakError("log_unusable", cause));
    });
    return worker;
  }

  #expect(ms: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#hung(), ms);
  }

  #heard(report: ReaderReport): void {
    if (report.type === "ready") {
      this.#isReady = true;
      this.#expect(this.#o.answerMs);
      return;
    }
    const asked = this.#current;
    if (report.id !== asked?.id) return;
    clearTimeout(this.#patience);
    clearTimeout(asked.timer);
    this.#current = null;
    if (report.type === "answered") {
      this.#say("");
      asked.resolve(report.answer);
    } else {
      const { code, message } = report;
      const isOfLog = code?.startsWith("log_") === true;
      this.#say(isOfLog ? message : "");
      this.#refuse(
        asked,
        isOfLog ? "error" : null,
        code === null ? new Error(message) : new PgsoakError(code, message),
      );
    }
    this.#next();
  }

  /** Nobody waits longer, whatever the worker does. */
  #late(asked: Asked, patienceMs: number): void {
    const at = this.#waiting.indexOf(asked);
    if (at >= 0) this.#waiting.splice(at, 1);
    const seconds = patienceMs / 1000;
    if (at >= 0 && this.#isReady && this.#cause === "") {
      this.#refuse(asked, "busy", new BusyError(`too many questions about the log for ${seconds} s`));
    } else {
      this.#refuse(asked, "timeout", new SilentLogError(`the log has not answered for ${seconds} s: ${HANGS}`));
    }
  }

  /** The worker owes an answer for too long: whether it ever ends is up to the disk. */
  #hung(): void {
    const worker = this.#worker;
    if (worker === null) return;
    this.#hanging.add(worker);
    void worker.terminate();
    this.#lost("timeout", new SilentLogError(`the log does not answer: ${HANGS}`));
  }

  /** The worker is gone, and the answer that it owes with it. */
  #lost(reason: Unanswered, error: Error): void {
    clearTimeout(this.#patience);
    const asked = this.#current;
    this.#worker = null;
    this.#isReady = false;
    this.#current = null;
    this.#say(error.message);
    if (asked !== null) this.#refuse(asked, reason, error);
    this.#next();
  }

  #refuseAll(reason: Unanswered | null, error: Error): void {
    for (const asked of this.#waiting.splice(0)) this.#refuse(asked, reason, error);
  }

  #refuse(asked: Asked, reason: Unanswered | null, error: Error): void {
    clearTimeout(asked.timer);
    if (asked.isOver) return;
    asked.isOver = true;
    asked.reject(reason === null ? error : this.#count(reason, error));
  }

  #count<Failure extends Error>(reason: Unanswered, error: Failure): Failure {
    this.#unanswered[reason]++;
    return error;
  }

  #say(cause: string): void {
    const wasBroken = this.#cause !== "";
    this.#cause = cause;
    if (wasBroken !== (cause !== "")) this.#o.onChange?.(this.status);
  }
}
