import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { BusyError, type LogAnswers, type LogQuestion } from "../../src/api/log-questions.ts";
import { LogReading } from "../../src/service/log-reading.ts";
import { runStarted, tallied } from "../projections/facts.ts";
import { appendWatched, BEGIN } from "../projections/watched-log.ts";
import { openLogFixture } from "../cli/log-fixture.ts";
import { waitFor } from "../helpers/wait-for.ts";

const ALL = { kind: "events", limit: 10, order: "asc" } as const satisfies LogQuestion;
const AT = 1_700_000_000_000_000;

async function closing(path: string, use: (reading: LogReading) => Promise<void>): Promise<void> {
  const reading = new LogReading(path);
  try {
    await use(reading);
  } finally {
    await reading.close();
  }
}

test("questions are answered in their order, with what was committed before each was asked", async () => {
  using fixture = await openLogFixture();
  await closing(fixture.path, async (reading) => {
    for (let seq = 1; seq <= 3; seq++) {
      fixture.log.appendBatch([tallied(AT, seq)]);
      const answers = await Promise.all([reading.ask(ALL), reading.ask({ ...ALL, order: "desc", limit: 1 })]);
      expect(answers.map(({ lines }) => lines.map((line) => line.seq))).toEqual([
        Array.from({ length: seq }, (_, i) => i + 1),
        [seq],
      ]);
    }
  });
});

test("beyond sixty-four waiting questions, and after the end, one is turned away", async () => {
  using fixture = await openLogFixture();
  await closing(fixture.path, async (reading) => {
    const asked = Array.from({ length: 70 }, () => reading.ask(ALL).catch((error: unknown) => error));
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer instanceof BusyError)).toHaveLength(5);
    const late = reading.ask(ALL).catch((error: unknown) => error);
    await reading.close();
    expect(await late).toBeInstanceOf(BusyError);
    await expect(reading.ask(ALL)).rejects.toThrow("stopping");
  });
});

test("a reader that could not be started is started anew by the next question", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch([runStarted(AT)]);
  const moved = `${fixture.path}.moved`;
  renameSync(fixture.path, moved);
  await closing(fixture.path, async (reading) => {
    await expect(reading.ask(ALL)).rejects.toThrow("There is no event log");
    renameSync(moved, fixture.path);
    await waitFor(async () => (await reading.ask(ALL)).lines.length === 1);
  });
});

test("each kind of question has its own answer, and questions of all kinds keep their order", async () => {
  using fixture = await openLogFixture();
  appendWatched(fixture.log);
  const window = { from: BEGIN, to: BEGIN + 120_000_000 };
  await closing(fixture.path, async (reading) => {
    const order: string[] = [];
    const asked = async <Q extends LogQuestion>(question: Q): Promise<LogAnswers[Q["kind"]]> => {
      const answer = await reading.ask(question);
      order.push(question.kind);
      return answer;
    };
    const [history, page, statements, comparison] = await Promise.all([
      asked({ kind: "history", window, stepUs: 60_000_000 }),
      asked(ALL),
      asked({ kind: "statements", window, sort: "calls", limit: 1 }),
      asked({ kind: "compare", a: window, b: window, mirroring: "pg18" }),
    ]);
    expect(order).toEqual(["history", "events", "statements", "compare"]);
    expect(history.points.map(({ seen }) => seen)).toEqual([40, 10]);
    expect(page.lines).toHaveLength(10);
    expect(statements).toMatchObject({ statements_total: 3, statements: [{ calls: 42 }] });
    expect(comparison).toMatchObject({ a: { seen: 48 }, difference: { seen: 0 } });
  });
});

test("a question that can't be answered is told why, and the next one is answered", async () => {
  using fixture = await openLogFixture();
  appendWatched(fixture.log);
  const question = { kind: "history", window: { from: BEGIN, to: BEGIN + 1 }, stepUs: 1_000_000 } as const;
  await closing(fixture.path, async (reading) => {
    fixture.log.db.prepare("update fold_position set seq = 6 where name = 'rollups'").run();
    await expect(reading.ask(question)).rejects.toMatchObject({ code: "rebuilding" });
    fixture.log.db.prepare("alter table rollup_1s rename to gone").run();
    fixture.log.db.prepare("update fold_position set seq = ? where name = 'rollups'").run(fixture.log.lastSeq);
    await expect(reading.ask(question)).rejects.toMatchObject({ code: "log_unusable" });
    expect((await reading.ask(ALL)).lines).toHaveLength(10);
  });
});

test("a question that takes too long is given up together with its worker, and the next one gets a new one", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch([runStarted(AT)]);
  const hurried = new LogReading(fixture.path, 1);
  try {
    // No worker starts within a millisecond.
    const answers = await Promise.all([1, 2, 3].map(() => hurried.ask(ALL).catch((error: unknown) => error)));
    expect(answers.every((answer) => answer instanceof BusyError)).toBe(true);
  } finally {
    await hurried.close();
  }
});
