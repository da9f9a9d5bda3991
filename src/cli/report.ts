// `pgsoak report`: the verdict on a window and all that it rests on as one HTML page for a change board.

import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { messageOf, PgsoakError } from "../errors.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Report } from "../projections/report/report.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";
import { openLog } from "./open-log.ts";
import {
  addQuestionOptions,
  isConfigGiven,
  policyFor,
  type QuestionOptions,
  VERDICT_EXIT_CODES,
  VERDICT_EXIT_HELP,
  windowFor,
} from "./readiness-question.ts";

const EXAMPLES = `
Examples:
  $ pgsoak report --window 7d --output cut-over.html     one page: verdict, criteria, charts, statements, origin
  $ pgsoak report --window 7d --output cut-over.html --force
  $ pgsoak report --mirroring pg18 --database shop > shop.html
  $ pgsoak report --db copy.db --from 2026-11-14T00:00:00Z --to 2026-11-21T00:00:00Z --output week.html

The page needs nothing from elsewhere and prints well. An existing file is replaced with --force only.
${VERDICT_EXIT_HELP}`;

interface ReportOptions extends QuestionOptions {
  readonly output?: string;
  readonly force?: boolean;
}

interface Policies {
  readonly policy: Policy;
  readonly storedPolicy: Policy;
}

async function readReportOf(context: CliContext, options: ReportOptions, policies: Policies): Promise<Report> {
  using reader = await openLog(context, options);
  const { createClock } = await import("../clock.ts");
  const { readReport } = await import("../projections/report/read-report.ts");
  const madeAt = createClock().wallUs();
  const window = await windowFor(reader, options, madeAt);
  const { mirroring, database } = options;
  return await readReport(reader, {
    window,
    selection: { mirroring, database },
    ...policies,
    madeAt,
    version: VERSION,
  });
}

/** Before the work, so that nobody waits for a report that has no place. */
function checkOutput(file: string, isForced: boolean): void {
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) throw new PgsoakError("usage", `--output ${file} is there and no file.`);
  if (isForced) return;
  throw new PgsoakError("usage", `${file} is there already. Choose another name, or replace it with --force.`);
}

/** Whole or not at all: the name is taken first, or was there, and the finished page replaces what it names in one step. */
function writeOutput(file: string, html: string, isForced: boolean): void {
  const partial = `${file}.${process.pid}.part`;
  if (!isForced) closeSync(openSync(file, "wx"));
  try {
    writeFileSync(partial, html, { flag: "wx" });
    renameSync(partial, file);
  } catch (error) {
    if (!isForced) rmSync(file, { force: true });
    throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

async function writeReport(context: CliContext, options: ReportOptions, command: Command): Promise<void> {
  const { output, force: isForced = false } = options;
  if (output !== undefined) checkOutput(output, isForced);
  const policy = await policyFor(context, options, isConfigGiven(command));
  const storedPolicy = await policyFor(context, { ...options, set: [] }, isConfigGiven(command));
  const report = await readReportOf(context, options, { policy, storedPolicy });
  const { reportHtml } = await import("../projections/report/report-html.ts");
  const html = reportHtml(report);
  if (output === undefined) {
    context.stdout(html);
  } else {
    try {
      writeOutput(output, html, isForced);
    } catch (error) {
      throw new PgsoakError("unavailable", `The report can't be written: ${messageOf(error)}`, { cause: error });
    }
    context.stdout(`${report.answer.verdict}: the report is in ${output}\n`);
  }
  context.setExitCode(VERDICT_EXIT_CODES[report.answer.verdict]);
}

export function reportCommand(context: CliContext): Command {
  const command = new Command("report").description("write the verdict and what it rests on as one HTML page");
  return addQuestionOptions(command)
    .option("--output <file>", "where to write it (default: standard output)")
    .option("--force", "replace the file if it is there")
    .addHelpText("after", EXAMPLES)
    .action((options: ReportOptions, self: Command) => writeReport(context, options, self));
}
