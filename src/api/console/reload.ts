import { PgsoakError } from "../../errors.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";
import { ConsoleError } from "./console-error.ts";

/** A row for each setting that the file has changed. */
export const reload: ConsoleCommand = {
  name: "RELOAD",
  syntax: "RELOAD",
  description: "reads the configuration again: what changed, and what waits for a restart",
  columns: [text("effect"), text("setting")],
  changes: true,
  parse: alone(async ({ source, who }) => {
    try {
      const { changed, needRestart } = await source.reload(who);
      const now = changed.map((setting) => ["in force", setting]);
      return [...now, ...needRestart.map((setting) => ["after a restart", setting])];
    } catch (error) {
      if (!(error instanceof PgsoakError)) throw error;
      const message = "the configuration can't be reloaded, nothing has changed";
      throw new ConsoleError(Sqlstate.ConfigFileError, message, { detail: error.message });
    }
  }),
};
