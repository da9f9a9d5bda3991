import { describe, expect, test } from "vitest";
import { ThreadQuestions } from "../../src/service/thread-questions.ts";

describe("a question to all threads", () => {
  test("is answered when the last of them has answered, each counted once", async () => {
    const questions = new ThreadQuestions<string>();
    const asked: [thread: number, id: number][] = [];
    const answers = questions.put([1, 2], (thread, id) => asked.push([thread, id]));
    const [[, id] = [0, 0]] = asked;
    questions.answered(1, id, "one");
    questions.answered(1, id, "one again");
    questions.answered(3, id, "a stranger");
    questions.answered(2, id, "two");
    expect(await answers).toEqual(["one", "two"]);
    expect(asked.map(([thread]) => thread)).toEqual([1, 2]);
  });

  test("does not wait for a thread that has died, nor where there is none", async () => {
    const questions = new ThreadQuestions<string>();
    const answers = questions.put([1, 2], (thread, id) => {
      if (thread === 1) questions.answered(1, id, "one");
    });
    questions.gone(2);
    expect(await answers).toEqual(["one"]);
    expect(await questions.put([], () => {})).toEqual([]);
  });
});
