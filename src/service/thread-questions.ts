// Questions to all proxy threads at once: the answers are gathered until the last one has come. A thread that dies has
// answered, and one that hangs is not waited for longer than ANSWER_MS.

const ANSWER_MS = 5000;

interface Question<Answer> {
  readonly waiting: Set<number>;
  readonly answers: Answer[];
  readonly done: () => void;
}

export class ThreadQuestions<Answer> {
  readonly #questions = new Map<number, Question<Answer>>();
  #ids = 0;

  /** Asks each of the threads by `ask`, which is given the id that the answer will carry. */
  async put(threads: Iterable<number>, ask: (thread: number, id: number) => void): Promise<readonly Answer[]> {
    const id = ++this.#ids;
    const { promise, resolve } = Promise.withResolvers<void>();
    const question: Question<Answer> = { waiting: new Set(threads), answers: [], done: resolve };
    if (question.waiting.size === 0) return [];
    this.#questions.set(id, question);
    for (const thread of question.waiting) ask(thread, id);
    const timer = setTimeout(resolve, ANSWER_MS);
    await promise;
    clearTimeout(timer);
    this.#questions.delete(id);
    return question.answers;
  }

  answered(thread: number, id: number, answer: Answer): void {
    const question = this.#questions.get(id);
    if (question?.waiting.delete(thread) !== true) return;
    question.answers.push(answer);
    if (question.waiting.size === 0) question.done();
  }

  /** The thread is gone: nobody waits for it any more. */
  gone(thread: number): void {
    for (const question of this.#questions.values()) {
      if (question.waiting.delete(thread) && question.waiting.size === 0) question.done();
    }
  }
}
