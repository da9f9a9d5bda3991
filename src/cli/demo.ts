// `pgsoak demo`: shows what pgsoak does on two throw-away servers, and leaves nothing behind.

import { Command, InvalidArgumentError } from "commander";
import type { DemoAddresses } from "../demo/demo.ts";
import type { StatsJson } from "../projections/stats-json.ts";
import { jsonOption, type CliContext } from "./context.ts";

const EXAMPLES = `
Examples:
  $ pgsoak demo                            until Ctrl-C
  $ pgsoak demo --seconds 10               for ten seconds
  $ pgsoak demo --seconds 10 --json | jq   print nothing but the summary, as JSON

It starts a PostgreSQL 16 as primary, a PostgreSQL 18 as mirror, pgsoak between them and a small workload, among it a
statement that works on 16 and fails on 18. Ctrl-C ends it with a summary; a second one ends it at once.
`;

const SECONDS_MAX = 86_400;
const EXIT_CUT_SHORT = 1;
/** Back to the first column, and the rest of the line cleared. */
const REWRITE = "\r\u001b[K";

interface DemoOptions {
  readonly seconds?: number;
  readonly json?: true;
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`It must be a number above 0 and not above ${SECONDS_MAX}.`);
}

export function demoCommand(context: CliContext): Command {
  return new Command("demo")
    .description("try it: two throw-away PostgreSQL servers, pgsoak between them, and a workload")
    .option("--seconds <number>", "end by itself after this time", secondsArgument)
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: DemoOptions) => demo(options, context));
}

async function demo(options: DemoOptions, context: CliContext): Promise<void> {
  using signals = watchSignals();
  const { runDemo } = await import("../demo/demo.ts");
  const { demoSummaryText } = await import("../demo/demo-summary.ts");
  const json = options.json === true;
  const progress = json ? (): void => {} : context.stdout;
  const terminal = process.stdout.isTTY;
  progress("Starting PostgreSQL 16 and 18 …\n");
  const summary = await runDemo({
    seconds: options.seconds ?? null,
    stop: signals.stop,
    onStarted: (addresses) => progress(addressesText(addresses)),
    onTick: (elapsedMs, total) => {
      const line = liveLine(elapsedMs, total);
      progress(terminal ? `${REWRITE}${line}` : `${line}\n`);
    },
  });
  if (terminal) progress("\n");
  if (summary === null) return;
  context.stdout(json ? `${JSON.stringify(summary, null, 2)}\n` : `\n${demoSummaryText(summary)}`);
}

/** SIGINT and SIGTERM as a request to end well; a second one ends the process, and the servers end with it. */
function watchSignals(): { readonly stop: AbortSignal } & Disposable {
  const controller = new AbortController();
  const end = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_CUT_SHORT);
    controller.abort();
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  return { stop: controller.signal, [Symbol.dispose]: () => process.off("SIGINT", end).off("SIGTERM", end) };
}

function addressesText({ primary, mirror, proxy, api, admin, database, log }: DemoAddresses): string {
  return `
  primary  ${primary}  (PostgreSQL 16)
  mirror   ${mirror}  (PostgreSQL 18)

  Through pgsoak:  psql -h ${proxy.host} -p ${proxy.port} -U postgres ${database}
  Dashboard:       ${api}/
  Metrics:         ${api}/metrics
  Counters:        ${api}/stats
  Admin console:   psql -h ${admin.host} -p ${admin.port} -d pgsoak -c "SHOW MIRRORS"
  Event log:       ${log}

`;
}

const integer = (value: number): string => value.toLocaleString("en-US");

function liveLine(elapsedMs: number, total: StatsJson["total"]): string {
  const counts = [
    `${(elapsedMs / 1000).toFixed(0).padStart(4)} s`,
    `requests ${integer(total.requests_total)}`,
    `mirrored ${integer(total.requests_mirrored)}`,
    `errored ${integer(total.requests_errored)}`,
    `dropped ${integer(total.requests_dropped)}`,
  ];
  return counts.join("   ");
}
