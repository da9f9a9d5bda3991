// `npm run bench`: prints each budget as one line, `name value unit (target)`, as a ratio measured in one run wherever
// it can be.

import { execFileSync } from "node:child_process";
import { arch, cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { startPostgres } from "../../src/demo/postgres-server.ts";
import type { BenchSetup, Experiment } from "./bench-setup.ts";
import { figureText } from "./figure.ts";
import { findProgram } from "./find-program.ts";
import { hungMirror, recording } from "./mirror-bench.ts";
import { initialisePgbench } from "./pgbench.ts";
import { recorder } from "./recorder-experiment.ts";
import { relayAt32, relayAt8 } from "./relay-bench.ts";

const EXPERIMENTS: readonly Experiment[] = [relayAt8, relayAt32, recording, hungMirror, recorder];
const USAGE = `npm run bench -- [--only NAME] [--rounds N] [--seconds N]

NAME is an experiment or one of its figures; rounds default to 5, seconds (of each side in each round) to 5.
${EXPERIMENTS.map(({ name, figures }) => `  ${name.padEnd(12)} ${figures.join(", ")}`).join("\n")}
`;

interface Options {
  readonly experiments: readonly Experiment[];
  readonly rounds: number;
  readonly seconds: number;
}

/** Null: the arguments make no sense, or help was asked for. */
function optionsOf(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "5" },
    },
  });
  const { only } = values;
  const experiments = EXPERIMENTS.filter(
    ({ name, figures }) => only === undefined || name === only || figures.includes(only),
  );
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const sensible = [rounds, seconds].every((value) => Number.isInteger(value) && value > 0);
  if (values.help || experiments.length === 0 || !sensible) return null;
  return { experiments, rounds, seconds };
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

async function run({ experiments, rounds, seconds }: Options): Promise<void> {
  const possible = possibleOf(experiments);
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
  };
  for (const experiment of possible) {
    for (const figure of await experiment.run(setup)) console.log(figureText(figure));
  }
}

const options = optionsOf(process.argv.slice(2));
if (options === null) {
  process.stderr.write(USAGE);
  process.exitCode = 64;
} else {
  console.log(machineText());
  await run(options);
}
