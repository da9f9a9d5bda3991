// Settings from the environment: PGSOAK__GENERAL__PORT for `[general] port`, PGSOAK__DATABASES__0__PASSWORD for that of
// the first `[[databases]]` entry. They win over the file. A variable that names nothing is a mistake, as a key would be.

import { isTable, type Table } from "./table.ts";
import type { Mistakes } from "./mistakes.ts";
import { nearestKey } from "./nearest-key.ts";
import { TABLES, type TableSchema } from "./schema.ts";

const PREFIX = "PGSOAK__";

/** Writes the variables into the document as if they had stood in the file. */
export function applyEnvironment(document: Table, env: NodeJS.ProcessEnv, mistakes: Mistakes): void {
  // Sorted by number too, so that entries 0, 1, … 10 are made in this order.
  const variables = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX))
    .sort(new Intl.Collator("en", { numeric: true }).compare);
  for (const variable of variables) {
    const value = env[variable];
    if (value !== undefined) applyVariable(document, variable, value, mistakes);
  }
}

function applyVariable(document: Table, variable: string, value: string, mistakes: Mistakes): void {
  const segments = variable.slice(PREFIX.length).split("__");
  const schema = TABLES.find(({ name }) => name.toUpperCase() === segments[0]);
  const [index, keySegment] = schema?.isArray === true ? [segments[1], segments[2]] : [null, segments[1]];
  const isWhole = segments.length === (index === null ? 2 : 3) && (index === null || /^[0-9]{1,4}$/.test(index ?? ""));
  const key = Object.keys(schema?.settings ?? {}).find((name) => name.toUpperCase() === keySegment);
  if (schema === undefined || key === undefined || !isWhole) {
    mistakes.addVariable(variable, `unknown setting${suggestion(variable)}`);
    return;
  }
  const table =
    index === null ? soleTable(document, schema) : entryOf(document, schema, Number(index), variable, mistakes);
  if (table === null) return;
  table[key] = schema.settings[key]!.fromEnvironment(value);
  const entry = index === null ? [schema.name] : [schema.name, Number(index)];
  mistakes.comesFrom([...entry, key], variable);
}

/** The table, made when the file has none; null when the file has something else, which is a mistake already. */
function soleTable(document: Table, schema: TableSchema): Table | null {
  const table = (document[schema.name] ??= {});
  return isTable(table) ? table : null;
}

/** The entry of an array of tables. The first that the file doesn't have is made; a gap is a mistake. */
function entryOf(
  document: Table,
  schema: TableSchema,
  index: number,
  variable: string,
  mistakes: Mistakes,
): Table | null {
  const entries = (document[schema.name] ??= []);
  if (!Array.isArray(entries)) return null;
  if (index > entries.length) {
    mistakes.addVariable(variable, `there is no [[${schema.name}]] entry ${entries.length}, entries have no gaps`);
    return null;
  }
  if (index === entries.length) {
    entries.push({});
    mistakes.comesFrom([schema.name, index], variable);
  }
  const entry: unknown = entries[index];
  return isTable(entry) ? entry : null;
}

function suggestion(variable: string): string {
  const index = /__([0-9]+)__/.exec(variable)?.[1] ?? "0";
  const names = TABLES.flatMap(({ name, isArray, settings }) =>
    Object.keys(settings).map((key) => `${PREFIX}${name}__${isArray ? `${index}__` : ""}${key}`.toUpperCase()),
  );
  const nearest = nearestKey(variable, names);
  return nearest === null ? "" : ` (did you mean ${nearest}?)`;
}
