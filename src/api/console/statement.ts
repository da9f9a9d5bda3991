// A statement that was understood: what its answer looks like, and how to carry it out.

import type { Column, Row } from "./column.ts";
import { COMMANDS } from "./commands.ts";
import type { CommandContext } from "./command.ts";
import { syntaxError } from "./console-error.ts";
import { driverStatement } from "./driver-statement.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { Token } from "./tokens.ts";

/** What of the session a statement may look at and change. */
export interface StatementSession extends CommandContext {
  readonly user: string;
  readonly database: string;
  readonly settings: SessionSettings;
  /** Forgets a prepared statement, or (null) all of them. */
  deallocate(name: string | null): void;
}

export interface Statement {
  /** Null: the answer has no rows. */
  readonly columns: readonly Column[] | null;
  /** What CommandComplete says; `SELECT` gets the number of rows. */
  readonly tag: string;
  /** It is one of the console's own that changes something: its name, for the process's log. */
  readonly changes: string | null;
  /** What it does to the transaction, which holds nothing and undoes nothing. */
  readonly transaction: "begin" | "commit" | "rollback" | null;
  run(session: StatementSession): Promise<readonly Row[]>;
}

/** Throws ConsoleError, 42601 for what is no command. */
export function parseStatement(tokens: readonly Token[]): Statement {
  const candidates = COMMANDS.filter(({ name }) => begins(tokens, name.split(" ")));
  const command = candidates.toSorted((a, b) => b.name.length - a.name.length)[0];
  const isSet = command?.name === "SET" && !/^mirror/i.test(tokens[1]?.text ?? "");
  if (command === undefined || isSet) {
    const driver = driverStatement(tokens);
    if (driver !== null) return driver;
    throw syntaxError("this is no command of the console");
  }
  const run = command.parse(tokens.slice(command.name.split(" ").length));
  if (run === null) throw syntaxError(`syntax error in ${command.name}`, `It is written ${command.syntax}`);
  return {
    columns: command.columns.length === 0 ? null : command.columns,
    tag: command.name.split(" ")[0]!,
    changes: command.changes ? command.name : null,
    transaction: null,
    run,
  };
}

function begins(tokens: readonly Token[], words: readonly string[]): boolean {
  return words.every((word, index) => tokens[index]?.kind === "word" && tokens[index].upper === word);
}
