// Parses TOML text into tables; what isn't TOML is one message with line and column.

import { parse, TomlError } from "smol-toml";
import { PgsoakError } from "../errors.ts";
import type { Table } from "./table.ts";

/** `file` is how the message names the file. */
export function parseToml(toml: string, file: string): Table {
  try {
    // As bigint an absurd number is refused where it is checked, with its key, rather than as a syntax error.
    return parse(toml, { integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the parser's message quotes the lines around, and they may hold secrets.
    const reason = error.message.split("\n", 1)[0]!.replace("Invalid TOML document: ", "");
    throw new PgsoakError("config_invalid", `${file}:${error.line}:${error.column}: not valid TOML: ${reason}`);
  }
}
