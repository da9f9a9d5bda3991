// Checks one table against its settings and returns the effective values, every default applied.

import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";
import { nearestKey } from "./nearest-key.ts";
import { TABLES, type Settings } from "./schema.ts";
import type { Setting } from "./setting.ts";
import { shownValue } from "./shown-value.ts";
import { isTable, type Table } from "./table.ts";

export type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/**
 * The values of `[name]`. What is wrong is reported and replaced by the default ("" where there is none), so that
 * the checks that follow can go on and find the other mistakes.
 */
export function readTable<S extends Settings>(
  document: Table,
  name: string,
  settings: S,
  mistakes: Mistakes,
): Values<S> {
  const table = document[name] ?? {};
  if (isTable(table)) return readSettings(table, [name], settings, mistakes);
  mistakes.add([name], `expected one table ([${name}]), got ${shownValue(table)}`);
  return readSettings({}, [name], settings, mistakes);
}

/** The values of each `[[name]]`. */
export function readTables<S extends Settings>(
  document: Table,
  name: string,
  settings: S,
  mistakes: Mistakes,
): Values<S>[] {
  const tables = document[name] ?? [];
  if (!Array.isArray(tables)) {
    mistakes.add([name], `expected an array of tables ([[${name}]]), got ${shownValue(tables)}`);
    return [];
  }
  return tables.map((table: unknown, index) => {
    if (isTable(table)) return readSettings(table, [name, index], settings, mistakes);
    mistakes.add([name, index], `expected a table, got ${shownValue(table)}`);
    return standIns(settings);
  });
}

/** Reports every table that the schema doesn't know. */
export function refuseUnknownTables(document: Table, mistakes: Mistakes): void {
  for (const name of Object.keys(document)) {
    if (TABLES.some((table) => table.name === name)) continue;
    const known = TABLES.map((table) => table.name);
    mistakes.add([name], isTable(document[name]) ? `unknown table${hint(name, known)}` : unknownKey(name, known));
  }
}

function readSettings<S extends Settings>(table: Table, path: KeyPath, settings: S, mistakes: Mistakes): Values<S> {
  for (const key of Object.keys(table)) {
    if (!Object.hasOwn(settings, key)) mistakes.add([...path, key], unknownKey(key, Object.keys(settings)));
  }
  return mapSettings(settings, (setting, key) => {
    const given = Object.hasOwn(table, key) ? table[key] : undefined;
    if (given === undefined) {
      if (setting.required) mistakes.add([...path, key], `expected ${setting.expected}, but it is missing`);
      return standIn(setting);
    }
    const result = setting.schema.safeParse(given);
    if (result.success) return result.data;
    mistakes.add([...path, key], `expected ${setting.expected}, got ${shownValue(given, setting.secret)}`);
    return standIn(setting);
  });
}

const standIns = <S extends Settings>(settings: S): Values<S> => mapSettings(settings, standIn);

function standIn(setting: Setting<unknown>): unknown {
  if (setting.required) return "";
  return setting.fallback === undefined ? null : setting.schema.parse(setting.fallback);
}

function mapSettings<S extends Settings>(
  settings: S,
  valueOf: (setting: Setting<unknown>, key: string) => unknown,
): Values<S> {
  const values: unknown = Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [key, valueOf(setting, key)]),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys and values are those that the type is made of
  return values as Values<S>;
}

function unknownKey(key: string, known: readonly string[]): string {
  const homes = TABLES.filter(({ settings }) => Object.hasOwn(settings, key));
  if (homes.length === 0) return `unknown key${hint(key, known)}`;
  const names = homes.map(({ name, isArray }) => (isArray ? `[[${name}]]` : `[${name}]`));
  return `unknown key here, it belongs in ${names.join(" or ")}`;
}

function hint(typed: string, known: readonly string[]): string {
  const nearest = nearestKey(typed, known);
  return nearest === null ? "" : ` (did you mean "${nearest}"?)`;
}
