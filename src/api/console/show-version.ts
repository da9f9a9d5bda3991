import { text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";

export const showVersion: ConsoleCommand = {
  name: "SHOW VERSION",
  syntax: "SHOW VERSION",
  description: "the version of pgsoak",
  columns: [text("version")],
  changes: false,
  parse: alone(({ source }) => Promise.resolve([[`pgsoak ${source.version}`]])),
};
