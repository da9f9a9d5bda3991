// How long a window of seven days takes to read and to judge, with and without its statements, and how that grows with the
// log.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReader } from "../../src/events/log-reader.ts";
import { readStatements } from "../../src/projections/read-statements.ts";
import { defaultPolicy } from "../../src/projections/readiness/policy.ts";
import { readFacts } from "../../src/projections/readiness/read-facts.ts";
import { readiness } from "../../src/projections/readiness/readiness.ts";
import { readWindow } from "../../src/projections/read-window.ts";
import type { Window } from "../../src/projections/window.ts";
import type { Experiment } from "./bench-setup.ts";
import { quantileOf, spreadOf } from "../../src/bench/spread.ts";
import { writeWindowLog } from "./window-log.ts";

const WEEK_US = 7 * 86_400_000_000;
const SMALL_EVENTS = 1_000_000;
const READS = 40;
const STATEMENT_READS = 12;

interface Figures {
  readonly windowMs: number;
  readonly statementsMs: number;
  readonly readinessMs: number;
}

/** The p95 of windows that end somewhere in the last minute of the log, as `now` does, or at its end. */
async function measure(path: string, lastAt: number): Promise<Figures> {
  using reader = openReader(path);
  const windows = (count: number): Window[] =>
    Array.from({ length: count }, (_, i) => {
      const to = lastAt + 1 - Math.floor((i / count) * 60_000_000);
      return { from: to - WEEK_US, to };
    });
  const p95 = async (all: readonly Window[], read: (window: Window) => unknown): Promise<number> => {
    const spent: number[] = [];
    for (const window of all) {
      const startedMs = performance.now();
      await read(window);
      spent.push(performance.now() - startedMs);
    }
    return quantileOf(spent, 0.95);
  };
  // The compiler and the page cache, as in a service that has been asked before.
  for (const window of windows(10)) readWindow(reader, window);
  for (const window of windows(2)) readStatements(reader, window);
  return {
    windowMs: await p95(windows(READS), (window) => readWindow(reader, window)),
    statementsMs: await p95(windows(STATEMENT_READS), (window) => readStatements(reader, window)),
    readinessMs: await p95(windows(STATEMENT_READS), async (window) =>
      readiness(await readFacts(reader, window), defaultPolicy()),
    ),
  };
}

async function measureLogs<T>(
  sizes: readonly number[],
  use: (paths: readonly [string, number][]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
  try {
    const logs: [string, number][] = [];
    for (const size of sizes) {
      const path = join(folder, `${size}.db`);
      logs.push([path, await writeWindowLog(path, size)]);
    }
    return await use(logs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const window: Experiment = {
  name: "window",
  figures: ["window_7d_p95", "window_7d_statements_p95", "readiness_7d_p95", "window_7d_growth"],
  needs: [],
  run: async ({ rounds, events }) => {
    const sizes = events > SMALL_EVENTS ? [SMALL_EVENTS, events] : [events];
    const results = await measureLogs(sizes, async (logs) => {
      const all: Figures[][] = [];
      for (let round = 0; round < rounds; round++) {
        const figures: Figures[] = [];
        for (const [path, lastAt] of logs) figures.push(await measure(path, lastAt));
        all.push(figures);
      }
      return all;
    });
    const large = results.map((figures) => figures.at(-1)!);
    const detail = `${events.toLocaleString("en-US")} events, 2 lanes, 200 statements`;
    const ratios = results.map((figures) => figures.at(-1)!.windowMs / figures[0]!.windowMs);
    return [
      {
        name: "window_7d_p95",
        value: spreadOf(large.map(({ windowMs }) => windowMs)),
        unit: "ms",
        target: "<= 10",
        detail,
      },
      {
        name: "window_7d_statements_p95",
        value: spreadOf(large.map(({ statementsMs }) => statementsMs)),
        unit: "ms",
        target: "<= 300",
        detail,
      },
      {
        name: "readiness_7d_p95",
        value: spreadOf(large.map(({ readinessMs }) => readinessMs)),
        unit: "ms",
        target: "<= 300",
        detail,
      },
      ...(sizes.length < 2
        ? []
        : [{ name: "window_7d_growth", value: spreadOf(ratios), unit: "×", target: "<= 1.5 from 1,000,000", detail }]),
    ];
  },
};
