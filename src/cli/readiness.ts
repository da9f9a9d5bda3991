// `pgsoak readiness`: the verdict on a window as an exit code and a report, read from the log beside a running service or
// without one.

import { Command, Option } from "commander";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import { jsonOption, type CliContext } from "./context.ts";
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
  $ pgsoak readiness                                     since the log, or its last epoch, began
  $ pgsoak readiness --window 24h
  $ pgsoak readiness --from 2026-11-14T00:00:00Z --to 2026-11-21T00:00:00Z --format html > report.html
  $ pgsoak readiness --mirroring pg18 --database shop    of one mirroring and database
  $ pgsoak readiness --set mirror_max_error_rate=0.001 --set max_latency_ratio=off
  $ pgsoak readiness --window 7d --format junit > readiness.xml && ./cut-over.sh
${VERDICT_EXIT_HELP}`;

/** Written out, so that --help needs no projection. */
const FORMATS = ["text", "json", "markdown", "html", "junit"] as const;

interface ReadinessOptions extends QuestionOptions {
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
}

async function answer(context: CliContext, options: ReadinessOptions, policy: Policy): Promise<Readiness> {
  using reader = await openLog(context, options);
  const { createClock } = await import("../clock.ts");
  const { readFacts } = await import("../projections/readiness/read-facts.ts");
  const { readiness } = await import("../projections/readiness/readiness.ts");
  const window = await windowFor(reader, options, createClock().wallUs());
  const { mirroring, database } = options;
  return readiness(await readFacts(reader, window, { mirroring, database }), policy);
}

async function printReadiness(context: CliContext, options: ReadinessOptions, command: Command): Promise<void> {
  const policy = await policyFor(context, options, isConfigGiven(command));
  const result = await answer(context, options, policy);
  const { REPORT_FORMATS } = await import("../projections/readiness/report-formats.ts");
  context.stdout(REPORT_FORMATS[options.json === true ? "json" : options.format](result));
  context.setExitCode(VERDICT_EXIT_CODES[result.verdict]);
}

export function readinessCommand(context: CliContext): Command {
  const command = new Command("readiness").description("say whether it is safe to cut over, and why");
  return addQuestionOptions(command)
    .addOption(new Option("--format <format>", "how to print it").choices(FORMATS).default("text"))
    .addOption(jsonOption().conflicts("format"))
    .addHelpText("after", EXAMPLES)
    .action((options: ReadinessOptions, self: Command) => printReadiness(context, options, self));
}
