// `npm run bench`: prints each budget as one line, `name value unit (target)`, as a ratio measured in one run wherever
// it can be.

import { execFileSync } from "node:child_process";
import { arch, cpus, release } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { startPostgres } from "../../src/demo/postgres-server.ts";
import type { BenchSetup, Experiment } from "./bench-setup.ts";
import { figureText } from "./figure.ts";
import { findProgram } from "./find-program.ts";
import { hungMirror, recording } from "./mirror-bench.ts";
import { initialisePgbench } from "./pgbench.ts";
import { replay, retention } from "./log-experiments.ts";
import { recorder } from "./recorder-experiment.ts";
import { relayAt32, relayAt8 } from "./relay-bench.ts";
import { start } from "./start-bench.ts";
import { window } from "./window-bench.ts";

const EXPERIMENTS: readonly Experiment[] = [
  relayAt8,
  relayAt32,
  recording,
  hungMirror,
  recorder,
  window,
  replay,
  retention,
  start,
];
interface Options {
  readonly only?: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly events: number;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 to 999999999.");
}

function command(): Command {
  const names = EXPERIMENTS.flatMap(({ name, figures }) => [name, ...figures]);
  return new Command("npm run bench --")
    .addOption(new Option("--only <name>", "one experiment, or the one that a figure comes from").choices(names))
    .option("--rounds <number>", "how often each side is measured", wholeNumber, 5)
    .option("--seconds <number>", "length of each side in each round", wholeNumber, 5)
    .option("--events <number>", "length of the log of the experiments that need a long one", wholeNumber, 1_000_000)
    .action(run);
}

function machineText(): string {
  const processors = cpus();
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  }).trim();
  const model = processors[0]?.model.trim() ?? "unknown";
  return `${processors.length} × ${model} (${arch()}), Linux ${release()}, Node.js ${process.versions.node}, commit ${commit}`;
}

/** The experiments that can run here; says in one line which figures are missing and why. */
function possibleOf(experiments: readonly Experiment[]): readonly Experiment[] {
  return experiments.filter(({ figures, needs }) => {
    const missing = needs.filter((program) => findProgram(program) === null);
    if (missing.length > 0) console.log(`missing: ${figures.join(", ")}: ${missing.join(" and ")} not installed`);
    return missing.length === 0;
  });
}

async function run({ only, rounds, seconds, events }: Options): Promise<void> {
  console.log(machineText());
  const asked = EXPERIMENTS.filter(({ name, figures }) => [undefined, name, ...figures].includes(only));
  const possible = possibleOf(asked);
  await using primary = await startPostgres({ major: 16 });
  await using mirror = await startPostgres({ major: 18 });
  const pgbench = findProgram("pgbench");
  if (pgbench !== null && possible.some(({ needs }) => needs.includes("pgbench"))) {
    await Promise.all([primary, mirror].map((server) => initialisePgbench(pgbench, server)));
  }
  const setup: BenchSetup = {
    primary,
    mirror,
    pgbench: pgbench ?? "",
    pgbouncer: findProgram("pgbouncer"),
    rounds,
    seconds,
    events,
  };
  for (const experiment of possible) {
    for (const figure of await experiment.run(setup)) console.log(figureText(figure));
  }
}

await command().parseAsync();
