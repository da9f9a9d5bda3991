#!/usr/bin/env node
// The beginning and the end of the process. An old Node.js is told so before anything is imported: the native module
// of the event log doesn't say what is wrong there, it crashes.

const NODE_MIN = [24, 11] as const;
/** As in errors.ts, which an old Node.js could not load. */
const EXIT_SOFTWARE = 70;
/** What is still open this long after a command is done was forgotten, and may not keep the process alive. */
const LINGER_MAX_MS = 5000;

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

async function run(): Promise<number> {
  if (!isSupported(process.versions.node)) {
    process.stderr.write(`pgsoak needs Node.js ${NODE_MIN.join(".")} or later, this is ${process.versions.node}\n`);
    return EXIT_SOFTWARE;
  }
  const { runProgram } = await import("./cli/program.ts");
  return runProgram(process.argv.slice(2));
}

// `pgsoak events | head` closes the pipe when it has seen enough, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`pgsoak: the output can't be written: ${error.message}\n`);
  process.exit(EXIT_SOFTWARE);
});
process.once("uncaughtException", (error) => {
  process.stderr.write(`pgsoak: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT_SOFTWARE);
});

process.exitCode = await run();
setTimeout(() => process.exit(), LINGER_MAX_MS).unref();
