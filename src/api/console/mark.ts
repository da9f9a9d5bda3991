import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { noteText } from "../note-text.ts";
import type { ConsoleCommand } from "./command.ts";
import { ConsoleError } from "./console-error.ts";

/** A note on the time line. */
export const mark: ConsoleCommand = {
  name: "MARK",
  syntax: "MARK 'text'",
  description: "adds a note at this moment",
  columns: [],
  changes: true,
  parse(rest) {
    const [text] = rest;
    if (rest.length !== 1 || text?.kind !== "string") return null;
    const note = noteText.safeParse(text.text);
    if (!note.success) {
      const what = note.error.issues[0]?.message ?? "not valid";
      throw new ConsoleError(Sqlstate.InvalidParameterValue, `this text can't be a note: ${what}`);
    }
    return async ({ source, who }) => {
      await source.appender.append({ kind: "marked", at: source.clock.wallUs(), text: note.data, who });
      return [];
    };
  },
};
