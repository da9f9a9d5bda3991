// Questions about the log answered in this thread, as a reader worker answers them: starting threads for each test would take
// most of its time. The threads themselves are tested in test/service/log-reading.test.ts, and wherever pgsoak is started.

import type { LogAnswers, LogQuestion, LogQuestions } from "../../src/api/log-questions.ts";
import { explainSqliteError } from "../../src/events/database.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { createAnswers } from "../../src/service/answer-question.ts";

export class InlineQuestions implements LogQuestions, Disposable {
  readonly #reader: ReturnType<typeof openReader>;
  readonly #answer: ReturnType<typeof createAnswers>;
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#reader = openReader(path);
    this.#answer = createAnswers(this.#reader);
  }

  ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> {
    const answered = this.#last.then(() => this.#reply(question));
    this.#last = answered.catch(() => undefined);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind has its own answer
    return answered as Promise<LogAnswers[Q["kind"]]>;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
  }

  async #reply(question: LogQuestion): Promise<LogAnswers[LogQuestion["kind"]]> {
    try {
      // What a thread says is a copy.
      return structuredClone(await this.#answer(structuredClone(question)));
    } catch (error) {
      throw error instanceof Error && error.name === "SqliteError" ? explainSqliteError(error, this.#path) : error;
    }
  }
}
