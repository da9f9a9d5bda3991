// The files that hold secrets, so that `check` can look who may read them.

import { resolve } from "node:path";
import { TABLES } from "./schema.ts";
import { isTable, type Table } from "./table.ts";

/** Keys that name a file with a secret in it. */
const SECRET_FILES = new Set(["password_file", "token_file", "private_key"]);

/**
 * The configuration file itself when `document`, before the environment was added to it, has a secret in it. `file` is null
 * where the text came from nowhere.
 */
export function ownSecretPlace(document: Table, file: string | null): string[] {
  const hasSecret = entriesOf(document).some(([name, key]) => {
    return TABLES.find((table) => table.name === name)?.settings[key]?.secret === true;
  });
  return hasSecret && file !== null ? [file] : [];
}

/** The files that are named in the document as it is in force. */
export function namedSecretPlaces(document: Table, directory: string): string[] {
  const files = entriesOf(document).flatMap(([, key, value]) =>
    SECRET_FILES.has(key) && typeof value === "string" && value !== "" ? [resolve(directory, value)] : [],
  );
  return [...new Set(files)];
}

/** Every setting of every table: its table, its key, its value. */
function entriesOf(document: Table): [table: string, key: string, value: unknown][] {
  return Object.entries(document).flatMap(([name, value]) => {
    const tables: unknown[] = Array.isArray(value) ? value : [value];
    return tables.flatMap((table) =>
      isTable(table) ? Object.entries(table).map(([key, each]): [string, string, unknown] => [name, key, each]) : [],
    );
  });
}
