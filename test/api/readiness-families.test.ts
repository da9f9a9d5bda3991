import { expect, test } from "vitest";
import type { LogAnswers, LogQuestion, LogQuestions } from "../../src/api/log-questions.ts";
import { createReadinessFamilies } from "../../src/api/readiness-families.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { openLogFixture } from "../cli/log-fixture.ts";
import { InlineQuestions } from "./inline-questions.ts";

const configOf = (windows: string) => {
  const databases = `[[databases]]\nname = "*"\nhost = "127.0.0.1"\nport = 5432\ntls = "disable"\n`;
  return parseConfig(`[readiness]\nwindows = [${windows}]\n${databases}`, { file: null, env: {}, cwd: "/" });
};

/** Questions to a real log, each of which takes as long as a test says by the test's clock. */
class SlowQuestions implements LogQuestions {
  asked = 0;
  readonly #inline: InlineQuestions;
  readonly #before: () => Promise<void> | void;

  constructor(inline: InlineQuestions, before: () => Promise<void> | void) {
    this.#inline = inline;
    this.#before = before;
  }

  async ask<Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> {
    this.asked++;
    await this.#before();
    return this.#inline.ask(question);
  }
}

const live = { mirrorings: () => [] };

test("a verdict that takes long to work out is no older than a minute", async () => {
  using fixture = await openLogFixture();
  using inline = new InlineQuestions(fixture.path);
  const now = { ms: 0 };
  const questions = new SlowQuestions(inline, () => void (now.ms += 3000));
  const clock = { nowMs: () => now.ms, wallUs: () => 0 };
  const families = createReadinessFamilies({ config: configOf('"1h"'), questions, live, clock });
  await families();
  now.ms += 59_999;
  await families();
  expect(questions.asked).toBe(1);
  now.ms += 1;
  await families();
  expect(questions.asked).toBe(2);
});

test("verdicts are worked out anew when their settings have changed, also while they are being worked out", async () => {
  using fixture = await openLogFixture();
  using inline = new InlineQuestions(fixture.path);
  const reload = { isDue: false };
  const questions = new SlowQuestions(inline, () => {
    if (reload.isDue) source.config = configOf('"24h"');
    reload.isDue = false;
  });
  const clock = { nowMs: () => 0, wallUs: () => 0 };
  const source = { config: configOf('"1h"'), questions, live, clock };
  const families = createReadinessFamilies(source);
  await families();
  await families();
  expect(questions.asked).toBe(1);
  source.config = configOf('"6h"');
  reload.isDue = true;
  await families();
  expect(questions.asked).toBe(2);
  await families();
  await families();
  expect(questions.asked).toBe(3);
});
