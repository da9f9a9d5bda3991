// How long a window of seven days takes to read and to judge, with and without its statements, and how that grows: with a
// log of the same traffic that is longer, and with one of as many days that has more traffic.

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
import type { Figure } from "./figure.ts";
import { quantileOf, spreadOf } from "../../src/bench/spread.ts";
import { WINDOW_LOG_DAYS, writeWindowLog } from "./window-log.ts";

const WEEK_US = 7 * 86_400_000_000;
const SMALL_EVENTS = 1_000_000;
const READS = 40;

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
    statementsMs: await p95(windows(READS), (window) => readStatements(reader, window)),
    readinessMs: await p95(windows(READS), async (window) =>
      readiness(await readFacts(reader, window), defaultPolicy()),
    ),
  };
}

interface LogSize {
  readonly events: number;
  readonly days: number;
}

interface BenchLog {
  readonly path: string;
  readonly lastAt: number;
}

/** The figures of each log, round by round. */
async function measureLogs(sizes: readonly LogSize[], rounds: number): Promise<Figures[][]> {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-bench-"));
  try {
    const logs: BenchLog[] = [];
    for (const { events, days } of sizes) {
      const path = join(folder, `${events}-${days}.db`);
      logs.push({ path, lastAt: await writeWindowLog(path, events, days) });
    }
    const all: Figures[][] = [];
    for (let round = 0; round < rounds; round++) {
      const figures: Figures[] = [];
      for (const { path, lastAt } of logs) figures.push(await measure(path, lastAt));
      all.push(figures);
    }
    return all;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const window: Experiment = {
  name: "window",
  figures: [
    "window_7d_p95",
    "window_7d_statements_p95",
    "readiness_7d_p95",
    "window_7d_growth",
    "readiness_7d_growth",
    "window_7d_growth_by_traffic",
    "readiness_7d_growth_by_traffic",
  ],
  needs: [],
  run: async ({ rounds, events }) => {
    const small = { events: SMALL_EVENTS, days: WINDOW_LOG_DAYS };
    const busy = { events, days: WINDOW_LOG_DAYS };
    const long = { events, days: Math.ceil((WINDOW_LOG_DAYS * events) / SMALL_EVENTS) };
    const isGrown = events > SMALL_EVENTS;
    const results = await measureLogs(isGrown ? [busy, small, long] : [busy], rounds);
    const lanes = "2 lanes, 200 statements";
    const detail = `${events.toLocaleString("en-US")} events in ${WINDOW_LOG_DAYS} days, ${lanes}`;
    const spent = (name: string, key: keyof Figures, target: string): Figure => {
      return { name, value: spreadOf(results.map(([each]) => each![key])), unit: "ms", target, detail };
    };
    const grown = (name: string, key: keyof Figures, index: 0 | 2, target: string): Figure => {
      const value = spreadOf(results.map((logs) => logs[index]![key] / logs[1]![key]));
      const { days } = index === 0 ? busy : long;
      const than = `${events.toLocaleString("en-US")} events in ${days} days ÷ ${SMALL_EVENTS.toLocaleString("en-US")} in ${small.days}`;
      return { name, value, unit: "×", target, detail: than };
    };
    return [
      spent("window_7d_p95", "windowMs", "<= 10"),
      spent("window_7d_statements_p95", "statementsMs", "<= 300"),
      spent("readiness_7d_p95", "readinessMs", "<= 300"),
      ...(isGrown
        ? [
            grown("window_7d_growth", "windowMs", 2, "<= 1.5"),
            grown("readiness_7d_growth", "readinessMs", 2, "<= 1.5"),
            grown("window_7d_growth_by_traffic", "windowMs", 0, "none but the milliseconds above"),
            grown("readiness_7d_growth_by_traffic", "readinessMs", 0, "none but the milliseconds above"),
          ]
        : []),
    ];
  },
};
