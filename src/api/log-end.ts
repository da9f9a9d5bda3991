// Where the log ends, for all streams together: they ask often, so one answer serves everybody who asked meanwhile.

import { isUnreadable } from "./is-unreadable.ts";
import type { LogQuestions } from "./log-questions.ts";

export class LogEnd {
  readonly #questions: LogQuestions;
  #asking: Promise<number> | null = null;

  constructor(questions: LogQuestions) {
    this.#questions = questions;
  }

  /** The seq of the newest event; -1 while the log can't be read. */
  seq(): Promise<number> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = null)));
  }

  async #ask(): Promise<number> {
    try {
      return await this.#questions.ask({ kind: "position" });
    } catch (error) {
      if (isUnreadable(error)) return -1;
      throw error;
    }
  }
}
