// The command line as commander knows it: every command with its options and arguments, and for each of them words with which
// it ends by itself. A command that is new has no such words yet, and fails the tests until it has.

import type { Command } from "commander";
import { createProgram } from "../../../src/cli/program.ts";

/** Where the commands of a test find what they ask. */
export interface Places {
  /** An event log. */
  readonly log: string;
  /** A running service. */
  readonly url: string;
}

/** Words behind the name with which a command ends by itself, and well unless it says otherwise. */
type Words = (places: Places) => readonly string[];

const onLog: Words = ({ log }) => ["--db", log];
const onService: Words = ({ url }) => ["--url", url];
/** What these start does not end: one word too many, and they never begin. */
const never: Words = () => ["surplus"];

export const WORDS: Readonly<Record<string, Words>> = {
  serve: never,
  check: () => ["--config", "right.toml"],
  demo: never,
  bench: never,
  stats: onLog,
  history: onLog,
  statements: onLog,
  compare: ({ log }) => ["7d", "24h", "--db", log],
  readiness: onLog,
  report: onLog,
  replay: onLog,
  events: ({ log }) => ["--limit", "3", "--db", log],
  mark: ({ url }) => ["built", "--url", url],
  epoch: ({ url }) => ["restored", "--url", url],
  reset: onService,
  backup: ({ log }) => ["copy.db", "--force", "--db", log],
};

/** Options that make a command wait for ever, which is what they are for. */
export const ENDLESS = new Set(["--follow"]);

/** Every command but commander's own `help`. */
export async function readCommands(): Promise<readonly Command[]> {
  const streams = { stdout: () => {}, stderr: () => {}, env: {}, setExitCode: () => {} };
  return (await createProgram([], streams)).commands;
}
