// How a mistake prints the value it complains about: short, on one line, and never a secret.

import { isTable } from "./table.ts";

const SHOWN_CHARACTERS_MAX = 60;

export function shownValue(value: unknown, isSecret = false): string {
  if (isTable(value)) return "a table";
  if (isSecret)
    return value === "" ? '""' : `a value (${Array.isArray(value) ? "array" : typeof value}) that is not shown`;
  if (Array.isArray(value))
    return value.some((item) => isTable(item)) ? "an array of tables" : shortened(listOf(value));
  if (value instanceof Date) return `the date ${value.toISOString()}`;
  return shortened(typeof value === "string" ? quoted(value) : String(value));
}

const listOf = (values: readonly unknown[]): string => `[${values.map((value) => shownValue(value)).join(", ")}]`;

/** A password inside a URL that was pasted into the wrong key is a secret too. */
function quoted(value: string): string {
  return JSON.stringify(value.replace(/\/\/[^/]*@/g, "//********@"));
}

function shortened(shown: string): string {
  return shown.length <= SHOWN_CHARACTERS_MAX ? shown : `${shown.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}
