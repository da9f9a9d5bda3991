// The command line: finds the command, runs it, and turns what it throws into a message and an exit code.

import { CommanderError, Command } from "commander";
import { EXIT_USAGE, exitCodeOf, messageOf, PgsoakError } from "../errors.ts";
import { printableLine } from "../printable-line.ts";
import { VERSION } from "../version.ts";
import type { CliContext } from "./context.ts";

type CommandFactory = (context: CliContext) => Command;

/** Every command with the file it lives in, in the order of the help. */
const COMMANDS: ReadonlyMap<string, () => Promise<CommandFactory>> = new Map([
  ["serve", async () => (await import("./serve.ts")).serveCommand],
  ["check", async () => (await import("./check.ts")).checkCommand],
  ["demo", async () => (await import("./demo.ts")).demoCommand],
  ["stats", async () => (await import("./stats.ts")).statsCommand],
  ["history", async () => (await import("./history.ts")).historyCommand],
  ["statements", async () => (await import("./statements.ts")).statementsCommand],
  ["compare", async () => (await import("./compare.ts")).compareCommand],
  ["readiness", async () => (await import("./readiness.ts")).readinessCommand],
  ["report", async () => (await import("./report.ts")).reportCommand],
  ["replay", async () => (await import("./replay.ts")).replayCommand],
  ["events", async () => (await import("./events.ts")).eventsCommand],
  ["mark", async () => (await import("./mark.ts")).markCommand],
  ["epoch", async () => (await import("./epoch.ts")).epochCommand],
  ["reset", async () => (await import("./reset.ts")).resetCommand],
  ["bench", async () => (await import("./bench.ts")).benchCommand],
  ["backup", async () => (await import("./backup.ts")).backupCommand],
]);

const EXAMPLES = `
Examples:
  $ pgsoak demo                         two throw-away PostgreSQL servers, a workload and the service
  $ pgsoak check                        is ./pgsoak.toml right, and what does it amount to?
  $ pgsoak serve --config pgsoak.toml   stand between clients and primary
  $ pgsoak help stats                   options and examples of one command
`;

export type Streams = Pick<CliContext, "stdout" | "stderr" | "stdoutColumns" | "stderrColumns" | "env">;

const processStreams: Streams = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  stdoutColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
  stderrColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
  env: process.env,
};

/** Runs `argv` (without the words for node and script) to its end and answers with the exit code. Never throws. */
export async function runProgram(argv: readonly string[], streams: Streams = processStreams): Promise<number> {
  let exitCode = 0;
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  try {
    const program = await createProgram(argv, { ...streams, setExitCode });
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    streams.stderr(`${explanationOf(error)}\n`);
    return exitCodeOf(error);
  }
}

/** The program with the command that is named, or with all of them when none is. */
export async function createProgram(argv: readonly string[], context: CliContext): Promise<Command> {
  const program = new Command("pgsoak")
    .description("A PostgreSQL mirroring proxy with a memory: is it safe to cut over?")
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: context.stdout,
      writeErr: context.stderr,
      outputError: (text, write) => write(`pgsoak: ${printableLine(usageErrorOf(text, argv))}\n`),
    });
  // The named command alone is loaded; for help, and to guess what a mistyped name means, all of them.
  const named = COMMANDS.get(argv[0] ?? "");
  const factories = await Promise.all((named === undefined ? [...COMMANDS.values()] : [named]).map((load) => load()));
  for (const create of factories) {
    const command = create(context);
    inheritSettings(command, program);
    program.addCommand(command);
  }
  return program;
}

/** A command that was made by itself knows nothing of the program's streams and of how errors leave it. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

/** Commander's own words; its guess at what was meant is on the same line. */
function usageErrorOf(text: string, argv: readonly string[]): string {
  const words = text
    .replace(/^error: /, "")
    .trim()
    .replace(/\n(?=\(Did you mean )/, " ");
  const [first = ""] = argv;
  const command = argv.find((word) => COMMANDS.has(word));
  if (!words.startsWith("unknown option") || !first.startsWith("-") || command === undefined) return words;
  return `${words}. Options stand behind the command: pgsoak ${command} ${first} …`;
}

function explanationOf(error: unknown): string {
  // Its lines begin with file and line, so that editors find the place.
  if (error instanceof PgsoakError && error.code === "config_invalid") {
    return error.message.split("\n").map(printableLine).join("\n");
  }
  const isExpected = error instanceof PgsoakError || (error instanceof Error && "code" in error);
  const stack = error instanceof Error && !isExpected ? error.stack : undefined;
  return `pgsoak: ${stack ?? printableLine(messageOf(error))}`;
}
