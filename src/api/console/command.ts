// One command of the console: how it is written, what its answer looks like, and what it does.

import type { Column, Row } from "./column.ts";
import type { ConsoleSource } from "./console-source.ts";
import type { Token } from "./tokens.ts";

export interface CommandContext {
  readonly source: ConsoleSource;
  /** Who asks, as events have it: one line of printable text. */
  readonly who: string;
}

export type Run = (context: CommandContext) => Promise<readonly Row[]>;

export interface ConsoleCommand {
  /** The words that it begins with. */
  readonly name: string;
  /** `SHOW MIRROR HISTORY [WINDOW '24h'] [STEP '5m']` */
  readonly syntax: string;
  readonly description: string;
  /** None: it answers without rows. */
  readonly columns: readonly Column[];
  /** Whether it changes something: then the process's log names who asked. */
  readonly changes: boolean;
  /** Takes the tokens behind the name; null where they make no sense. Throws ConsoleError for what is wrong in itself. */
  parse(rest: readonly Token[]): Run | null;
}

/** The parse() of a command that is nothing but its name. */
export function alone(run: Run): ConsoleCommand["parse"] {
  return (rest) => (rest.length === 0 ? run : null);
}
