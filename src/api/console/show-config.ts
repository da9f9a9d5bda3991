import { maskedDocument } from "../../config/describe-config.ts";
import { flatDocument } from "../../config/flat-document.ts";
import { text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";

/** A row for each setting that has a value. */
export const showConfig: ConsoleCommand = {
  name: "SHOW CONFIG",
  syntax: "SHOW CONFIG",
  description: "the configuration that is in force, secrets masked",
  columns: [text("name"), text("value")],
  changes: false,
  parse: alone(({ source }) => {
    const settings = flatDocument(maskedDocument(source.config));
    return Promise.resolve([...settings].map(([name, value]) => [name, shown(value)]));
  }),
};

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
