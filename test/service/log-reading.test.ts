import { renameSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ReadingStatus } from "../../src/api/live-status.ts";
import { BusyError, type LogAnswers, type LogQuestion, SilentLogError } from "../../src/api/log-questions.ts";
import { LogReading } from "../../src/service/log-reading.ts";
import { runStarted, tallied } from "../projections/facts.ts";
import { appendWatched, BEGIN } from "../projections/watched-log.ts";
import { openLogFixture } from "../cli/log-fixture.ts";
import { createFifo } from "../helpers/fifo.ts";
import { waitFor } from "../helpers/wait-for.ts";

const ALL = { kind: "events", limit: 10, order: "asc" } as const satisfies LogQuestion;
const AT = 1_700_000_000_000_000;

async function closing(path: string, use: (reading: LogReading) => Promise<void>): Promise<void> {
  const reading = new LogReading({ path, answerMs: 10_000 });
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

const ENTRY = new URL("../faults/faulty-reader-worker.ts", import.meta.url);

/** One whose threads hang and die on request, and what it said of itself. */
function openFaulty(path: string) {
  const said: string[] = [];
  const onChange = ({ state, cause }: ReadingStatus): void => void said.push(`${state} ${cause}`);
  const reading = new LogReading({ path, answerMs: 300, entry: ENTRY, onChange });
  return { reading, said, [Symbol.asyncDispose]: () => reading.close() };
}

const failure = (reading: LogReading): Promise<unknown> => reading.ask(ALL).catch((error: unknown) => error);

test("a thread that hangs is replaced once; when both hang nobody waits, and with the disk it comes back by itself", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch([runStarted(AT)]);
  await using faulty = openFaulty(fixture.path);
  const { reading, said } = faulty;
  await waitFor(async () => !((await failure(reading)) instanceof Error));
  using fifo = createFifo(`${fixture.path}.stuck`);
  const both = await Promise.all([failure(reading), failure(reading)]);
  expect(both.every((error) => error instanceof BusyError || error instanceof SilentLogError)).toBe(true);
  await waitFor(async () => {
    const before = performance.now();
    const error = await failure(reading);
    return error instanceof SilentLogError && performance.now() - before < 100;
  });
  expect(reading.status).toMatchObject({ state: "broken", cause: expect.stringContaining("a disk that hangs") });
  fifo.release();
  await waitFor(async () => !((await failure(reading)) instanceof Error));
  expect(reading.status).toMatchObject({ state: "ok", cause: "" });
  expect(reading.status.unanswered.timeout).toBeGreaterThan(2);
  expect(said.slice(-2)).toEqual([expect.stringMatching(/^broken /), "ok "]);
});

test("a thread that dies takes one question with it, is told of and counted, and the next question gets another one", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch([runStarted(AT)]);
  await using faulty = openFaulty(fixture.path);
  const { reading, said } = faulty;
  await waitFor(async () => !((await failure(reading)) instanceof Error));
  const before = reading.status.unanswered.died;
  writeFileSync(`${fixture.path}.fall`, "");
  expect(await failure(reading)).toMatchObject({ code: "log_unusable" });
  await waitFor(async () => !((await failure(reading)) instanceof Error));
  expect(reading.status).toMatchObject({ state: "ok", unanswered: { died: before + 1 } });
  expect(said.slice(-2)).toEqual(["broken the thread that reads the log has ended", "ok "]);
});
