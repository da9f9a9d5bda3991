// `pgsoak readiness`: the verdict on a window as an exit code and a report, read from the log beside a running service or
// without one.

import { Command, InvalidArgumentError, Option } from "commander";
import { PgsoakError } from "../errors.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import type { Readiness } from "../projections/readiness/readiness-schema.ts";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import { asked, policyFor } from "./readiness-question.ts";

const EXAMPLES = `
Examples:
  $ pgsoak readiness                                     since the log, or its last epoch, began
  $ pgsoak readiness --window 24h
  $ pgsoak readiness --from 2026-11-14T00:00:00Z --to 2026-11-21T00:00:00Z --format html > report.html
  $ pgsoak readiness --mirroring pg18 --database shop    of one mirroring and database
  $ pgsoak readiness --set mirror_max_error_rate=0.001 --set max_latency_ratio=off
  $ pgsoak readiness --window 7d --format junit > readiness.xml && ./cut-over.sh

It exits 0 when the verdict is READY, 1 when it is NOT_READY, 2 when it is INCONCLUSIVE; 64 when the question is wrong, 78 when the
configuration is, and 70 when anything else is.
`;

/** Written out, so that --help needs no projection. */
const FORMATS = ["text", "json", "markdown", "html", "junit"] as const;

const EXIT_CODES: Readonly<Record<Readiness["verdict"], number>> = { READY: 0, NOT_READY: 1, INCONCLUSIVE: 2 };

type Override = readonly [name: string, text: string];

interface ReadinessOptions extends LogOptions {
  readonly window?: string;
  readonly from?: string;
  readonly to?: string;
  readonly mirroring?: string;
  readonly database?: string;
  readonly set?: Override[];
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
}

function override(text: string, before: Override[] = []): Override[] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new InvalidArgumentError("It must be a setting and its value, such as max_drop_rate=0.02.");
  return [...before, [text.slice(0, equals), text.slice(equals + 1)]];
}

async function answer(context: CliContext, options: ReadinessOptions, policy: Policy): Promise<Readiness> {
  using reader = await openLog(context, options);
  const { checkSelection } = await import("../projections/readiness/check-selection.ts");
  const { readFacts } = await import("../projections/readiness/read-facts.ts");
  const { readinessBounds } = await import("../projections/readiness/readiness-bounds.ts");
  const { readiness } = await import("../projections/readiness/readiness.ts");
  const { readinessWindow } = await import("../projections/readiness/readiness-window.ts");
  const { createClock } = await import("../clock.ts");
  const { mirroring, database, window, from, to } = options;
  const unknown = checkSelection(reader, { mirroring, database });
  if (unknown !== null) throw new PgsoakError("usage", `--${unknown.field}: ${unknown.message}`);
  const bounds = await readinessBounds(reader, createClock().wallUs(), mirroring);
  const span = await asked(() => readinessWindow({ window, from, to }, bounds));
  return readiness(await readFacts(reader, span, { mirroring, database }), policy);
}

async function printReadiness(context: CliContext, options: ReadinessOptions, isConfigGiven: boolean): Promise<void> {
  const policy = await policyFor(context, options, isConfigGiven);
  const result = await answer(context, options, policy);
  const { REPORT_FORMATS } = await import("../projections/readiness/report-formats.ts");
  context.stdout(REPORT_FORMATS[options.json === true ? "json" : options.format](result));
  context.setExitCode(EXIT_CODES[result.verdict]);
}

export function readinessCommand(context: CliContext): Command {
  return new Command("readiness")
    .description("say whether it is safe to cut over, and why")
    .addOption(configOption())
    .addOption(dbOption())
    .option("--window <span>", "30s, 15m, 24h, 7d, 2w or all, up to now (default: all)")
    .option("--from <moment>", "RFC 3339 or Unix seconds, instead of --window")
    .option("--to <moment>", "RFC 3339 or Unix seconds (default: now)")
    .option("--mirroring <name>", "judge this mirroring only")
    .option("--database <name>", "judge this database only, as clients name it")
    .addOption(new Option("--set <setting=value>", "another threshold, or off; repeatable").argParser(override))
    .addOption(new Option("--format <format>", "how to print it").choices(FORMATS).default("text"))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: ReadinessOptions, command: Command) =>
      printReadiness(context, options, command.getOptionValueSource("config") !== "default"),
    );
}
