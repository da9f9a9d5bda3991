import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { BusyError, type LogQuestion } from "../../src/api/log-questions.ts";
import { LogReading } from "../../src/service/log-reading.ts";
import { runStarted, tallied } from "../projections/facts.ts";
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
