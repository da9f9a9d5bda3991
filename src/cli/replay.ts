// `pgsoak replay`: folds the raw log anew into tables of its own, beside a running service or without one, says what verdict
// they give, and with --verify compares them with the stored ones.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Command } from "commander";
import type { TableComparison } from "../projections/compare-table.ts";
import type { LogReader } from "../events/log-reader.ts";
import { type SealReport, verifySealsInSteps } from "../events/verify-seals.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import type { Replay } from "../projections/replay.ts";
import { type CliContext, jsonOption } from "./context.ts";
import { openLog } from "./open-log.ts";
import { createProgressBar } from "./progress-bar.ts";
import { addQuestionOptions, isConfigGiven, policyFor, type QuestionOptions, windowFor } from "./readiness-question.ts";
import { watchSignals } from "./watch-signals.ts";

const EXAMPLES = `
Examples:
  $ pgsoak replay                      fold the log that ./pgsoak.toml names anew
  $ pgsoak replay --window 7d          … and judge the last seven days by what comes out
  $ pgsoak replay --verify             are the stored counters what the events say?
  $ pgsoak replay --verify --json --db ./pgsoak.db

With --verify it exits 0 when the stored projections are equal in every row and column and the log's checksums are right,
and 1 when they are not. Ctrl-C ends it, with exit code 130; nothing is left behind.
`;

/** Between two looks at the signals. */
const STEP_MS = 50;
const EXIT_DIFFERENT = 1;
/** As shells have it: 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

interface ReplayOptions extends QuestionOptions {
  readonly json?: boolean;
  readonly verify?: boolean;
}

interface Report {
  /** The first event that was folded; the checkpoint has what was before it. */
  readonly first_seq: number;
  readonly last_seq: number;
  readonly events: number;
  readonly seconds: number;
  /** Absent without --verify. */
  readonly equal?: boolean;
  readonly tables?: readonly TableComparison[];
  readonly seals?: SealReport;
}

interface Verified {
  readonly tables: readonly TableComparison[];
  readonly seals: SealReport;
}

/** The verdict that the fresh projections give. The replay's transaction is open: its tables go before the stored ones. */
async function judge(reader: LogReader, options: ReplayOptions, policy: Policy): Promise<Readiness> {
  const { factsOf } = await import("../projections/readiness/read-facts.ts");
  const { readiness } = await import("../projections/readiness/readiness.ts");
  const { createClock } = await import("../clock.ts");
  const window = await windowFor(reader, options, createClock().wallUs());
  return readiness(await factsOf(reader, reader.kysely, window, options), policy);
}

async function replayLog(context: CliContext, options: ReplayOptions, isGiven: boolean): Promise<void> {
  const policy = await policyFor(context, options, isGiven);
  const { Replay: ReplayOfLog } = await import("../projections/replay.ts");
  const { createClock } = await import("../clock.ts");
  using reader = await openLog(context, options);
  // What is wrong with the question is said before the work, not after it.
  await windowFor(reader, options, createClock().wallUs());
  const startedMs = performance.now();
  using replay = new ReplayOfLog(reader, { mustCompare: options.verify === true });
  if (!(await foldAll(context, replay))) {
    context.stderr("pgsoak: interrupted\n");
    context.setExitCode(EXIT_INTERRUPTED);
    return;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const verified = options.verify === true ? await verify(context, reader, replay) : undefined;
  if (verified === null) {
    context.stderr("pgsoak: interrupted\n");
    context.setExitCode(EXIT_INTERRUPTED);
    return;
  }
  const verdict = await judge(reader, options, policy);
  const report = reportOf(replay, seconds, verified);
  const { readinessText } = await import("../projections/readiness/readiness-text.ts");
  context.stdout(
    options.json === true
      ? `${JSON.stringify({ ...report, readiness: verdict }, null, 2)}\n`
      : `${text(report)}\n${readinessText(verdict)}`,
  );
  if (report.equal === false) context.setExitCode(EXIT_DIFFERENT);
}

/** Returns whether it came to the end. */
async function foldAll({ stderr, stderrColumns }: CliContext, replay: Replay): Promise<boolean> {
  using signals = watchSignals();
  using bar = createProgressBar(stderr, stderrColumns, "events");
  const events = replay.lastSeq - replay.afterSeq;
  while (replay.step(STEP_MS)) {
    bar.show(Math.max(0, replay.doneSeq - replay.afterSeq), events);
    await nextTurn();
    if (signals.stop.aborted) return false;
  }
  return true;
}

/** Compares tables and checksums; null when it was interrupted. */
async function verify(context: CliContext, { db }: LogReader, replay: Replay): Promise<Verified | null> {
  const tables = replay.compare();
  using signals = watchSignals();
  using bar = createProgressBar(context.stderr, context.stderrColumns, "events checked");
  const steps = verifySealsInSteps(db);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return { tables, seals: step.value };
    bar.show(step.value.events, step.value.eventsTotal);
    await nextTurn();
    if (signals.stop.aborted) return null;
  }
}

function reportOf({ afterSeq, lastSeq }: Replay, seconds: number, verified: Verified | undefined): Report {
  const report = { first_seq: afterSeq + 1, last_seq: lastSeq, events: lastSeq - afterSeq, seconds };
  if (verified === undefined) return report;
  const { tables, seals } = verified;
  const areSame = tables.every(({ rowsDifferent }) => rowsDifferent === 0);
  return { ...report, equal: areSame && seals.differences.length === 0, tables, seals };
}

const integer = (value: number): string => Math.round(value).toLocaleString("en-US");

function text({ first_seq: first, last_seq: last, events, seconds, tables, seals }: Report): string {
  const range = events === 0 ? "" : ` (${first} to ${last})`;
  const start = first === 1 ? "" : ` on the checkpoint at event ${first - 1}`;
  const speed = `in ${seconds.toFixed(1)} s, ${integer(events / seconds)} events/s`;
  const lines = [`Folded ${integer(events)} events${range}${start} ${speed}.`];
  if (tables !== undefined) lines.push(...tableLines(tables));
  if (seals !== undefined) lines.push(...sealLines(seals));
  return `${lines.join("\n")}\n`;
}

function tableLines(tables: readonly TableComparison[]): string[] {
  const differences = tables.flatMap((table) => differenceLines(table));
  if (differences.length > 0) return [...differences, "The stored projections are not what the events say."];
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return [`The stored projections are equal: ${integer(rows)} rows in ${tables.length} tables.`];
}

function sealLines({ events, differences }: SealReport): string[] {
  if (differences.length === 0) return [`The log's checksums are right: ${integer(events)} events.`];
  return differences.map(({ firstSeq, lastSeq, why }) => {
    return `Events ${integer(firstSeq)} to ${integer(lastSeq)} are not what was written: ${why}.`;
  });
}

function differenceLines({ projection, table, rowsDifferent, differences }: TableComparison): string[] {
  if (rowsDifferent === 0) return [];
  const lines = differences.map(({ row, column, stored, replayed }) => {
    const key = Object.entries(row).map(([name, value]) => `${name} ${value}`);
    const where = column === null ? "" : `, column ${column}`;
    return `  row ${key.join(", ")}${where}: stored ${stored ?? "nothing"}, replayed ${replayed ?? "nothing"}`;
  });
  return [`Projection ${projection}, table ${table}: ${rowsDifferent} rows differ`, ...lines];
}

export function replayCommand(context: CliContext): Command {
  return addQuestionOptions(new Command("replay"))
    .description("fold the log anew, judge a window by what comes out, and compare what is stored with it")
    .option("--verify", "compare the stored projections with the replayed ones")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: ReplayOptions, command: Command) => replayLog(context, options, isConfigGiven(command)));
}
