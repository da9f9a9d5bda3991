// `pgsoak bench`: what pgsoak costs on this machine, measured on two throw-away servers. There is no way to point it at
// others: nobody shall load a production server by accident.

import { Command, InvalidArgumentError } from "commander";
import { VERSION } from "../version.ts";
import { jsonOption, type CliContext } from "./context.ts";
import { watchSignals } from "./watch-signals.ts";

const EXAMPLES = `
Examples:
  $ pgsoak bench                                   about a minute and a half
  $ pgsoak bench --clients 32 --rounds 9           more clients, and more rounds for a narrower spread
  $ pgsoak bench --seconds 1 --rounds 2            a glance
  $ pgsoak bench --json | jq '.figures[] | select(.name | contains("CPU"))'

It starts a PostgreSQL 16, a PostgreSQL 18 as its mirror and pgsoak, all of them throw-away on 127.0.0.1, and asks for one row by
its key: directly (direct), through pgsoak without a mirror (relay), with a mirror and recording (mirrored), and with the
mirror stopped (hung). The four take turns in each round. Throughput and CPU are measured as fast as it goes, latencies at
a fixed rate. Load, servers and pgsoak share the machine: look at the ratios. Ctrl-C ends it and leaves nothing behind.
`;

const SECONDS_DEFAULT = 4;
const SECONDS_MIN = 0.2;
const SECONDS_MAX = 60;
const CLIENTS_DEFAULT = 8;
/** Below the connections that the servers take. */
const CLIENTS_MAX = 64;
const ROUNDS_DEFAULT = 5;
const ROUNDS_MAX = 50;
const EXIT_CUT_SHORT = 1;
/** Back to the first column, and the rest of the line cleared. */
const REWRITE = "\r\u001b[K";

interface BenchCommandOptions {
  readonly seconds: number;
  readonly clients: number;
  readonly rounds: number;
  readonly json?: true;
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`It must be a number from ${SECONDS_MIN} to ${SECONDS_MAX}.`);
}

function countArgument(max: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d*$/.test(text) && Number(text) <= max) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };
}

async function bench({ seconds, clients, rounds, json }: BenchCommandOptions, context: CliContext): Promise<void> {
  const { runBench } = await import("../bench/bench.ts");
  const { benchFigures, benchReportText } = await import("../bench/bench-report.ts");
  const { thisMachine } = await import("../bench/machine.ts");
  using signals = watchSignals();
  using progress = createProgressLine(context);
  const result = await runBench({ seconds, clients, rounds, stop: signals.stop, onProgress: progress.show });
  if (result === null) {
    progress[Symbol.dispose]();
    context.stderr("pgsoak: stopped; nothing was measured\n");
    context.setExitCode(EXIT_CUT_SHORT);
    return;
  }
  const settings = { clients, rounds, seconds, rate: result.rate };
  const report = { version: VERSION, machine: thisMachine(), settings, figures: benchFigures(result) };
  progress[Symbol.dispose]();
  context.stdout(json === true ? `${JSON.stringify(report, null, 2)}\n` : benchReportText(report));
}

/** Where it is and how far, on a terminal alone. */
function createProgressLine({ stderr, stderrColumns }: CliContext): Disposable & {
  readonly show: (what: string, done: number, of: number) => void;
} {
  if (stderrColumns === undefined) return { show: () => {}, [Symbol.dispose]: () => {} };
  return {
    show: (what, done, of) => {
      const text = `${String(Math.floor((done / of) * 100)).padStart(3)} %  ${what}`;
      // A terminal that does not know its width says 0.
      stderr(`${REWRITE}${stderrColumns === 0 ? text : text.slice(0, stderrColumns - 1)}`);
    },
    [Symbol.dispose]: () => stderr(REWRITE),
  };
}

export function benchCommand(context: CliContext): Command {
  return new Command("bench")
    .description("measure what pgsoak costs on this machine, on two throw-away PostgreSQL servers")
    .option("--seconds <number>", "of each measurement", secondsArgument, SECONDS_DEFAULT)
    .option("--clients <count>", "connections", countArgument(CLIENTS_MAX), CLIENTS_DEFAULT)
    .option("--rounds <count>", "measurements of each way", countArgument(ROUNDS_MAX), ROUNDS_DEFAULT)
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((options: BenchCommandOptions) => bench(options, context));
}
