// Who answers the main thread's questions about the log: one reader for what takes a few rows, so that a scrape, the counters
// and the mirrors' health never wait behind a long window, and one for everything else. Each opens the log when it is first
// asked.

import type { ReadingStatus } from "../api/live-status.ts";
import type { LogAnswers, LogQuestion, LogQuestions } from "../api/log-questions.ts";
import type { Log } from "../log.ts";
import { LogReading } from "./log-reading.ts";

/** A scraper waits for ten seconds, and some for less. */
const QUICK_MS = 4000;
const LONG_MS = 10_000;
const QUICK = ["position", "streaks", "stats", "totals", "bounds", "unknown"] as const satisfies LogQuestion["kind"][];
const QUICK_KINDS: ReadonlySet<string> = new Set(QUICK);

export interface LogReadersOptions {
  readonly path: string;
  /** The file of the threads, when it is not the usual one. */
  readonly entry?: URL | undefined;
  /** Told when the log can't be read any more, and when it can again. */
  readonly log: Log;
}

export class LogReaders implements LogQuestions {
  readonly #quick: LogReading;
  readonly #long: LogReading;

  constructor({ path, entry, log }: LogReadersOptions) {
    const options = { path, ...(entry === undefined ? {} : { entry }) };
    const onChange = ({ state, cause }: ReadingStatus): void => {
      if (state === "broken") log.error("the event log can't be read", { cause });
      else log.info("the event log can be read again");
    };
    this.#quick = new LogReading({ ...options, answerMs: QUICK_MS, onChange });
    this.#long = new LogReading({ ...options, answerMs: LONG_MS });
  }

  /** Whether the log can be read is seen by the quick questions: a long one may fail for its own length. */
  get status(): ReadingStatus {
    const { state, cause, unanswered: quick } = this.#quick.status;
    const { unanswered: long } = this.#long.status;
    const unanswered = {
      busy: quick.busy + long.busy,
      timeout: quick.timeout + long.timeout,
      died: quick.died + long.died,
      error: quick.error + long.error,
    };
    return { state, cause, unanswered };
  }

  /** Starts the thread of the quick questions ahead of the first of them. Resolves in bounded time, also when it can't. */
  async begin(): Promise<void> {
    await this.ask({ kind: "position" }).catch(() => undefined); // who asks next hears of it
  }

  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> {
    return (QUICK_KINDS.has(question.kind) ? this.#quick : this.#long).ask(question);
  }

  /** Who waits hears that it is over. */
  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#long.close()]);
  }
}
