// The settings are written three times: in the schema, in the example file and in the docs. This keeps them the same.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { GENERAL, TABLES, type Settings, type TableSchema } from "../../src/config/schema.ts";

const ROOT = join(import.meta.dirname, "../..");
const example = readFileSync(join(ROOT, "pgsoak.example.toml"), "utf8");
const docs = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");

/** Keys of a table with what is written as their default. */
type Written = ReadonlyMap<string, unknown>;

/** The example's settings, those that are commented out too; in an array of tables the first time counts. */
function exampleSettings({ name }: TableSchema): Written {
  const settings = new Map<string, unknown>();
  let current = "";
  for (const line of example.split("\n")) {
    current = /^(?:# )?\[\[?([a-z]+)\]\]?$/.exec(line)?.[1] ?? current;
    const pair = /^(?:# )?([a-z_0-9]+) = (.+)$/.exec(line);
    if (pair !== null && current === name && !settings.has(pair[1]!)) settings.set(pair[1]!, value(pair[2]!));
  }
  return settings;
}

/** The docs' settings; a default that is another key is a text that begins with an arrow. */
function documentedSettings({ name, isArray }: TableSchema): Written {
  const header = isArray ? `[[${name}]]` : `[${name}]`;
  const section = docs.split(/^## /m).find((text) => text.startsWith(`\`${header}\``)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return new Map(
    rows.map((row) => {
      const [, key, , fallback] = row.split(/ ?\| ?/);
      return [key!.replaceAll("`", ""), documentedDefault(fallback!)];
    }),
  );
}

function documentedDefault(cell: string): unknown {
  if (cell === "none" || cell === "required") return cell;
  const written = cell.replaceAll("`", "");
  return /^[a-z_]+$/.test(written) && written !== "true" && written !== "false" ? `→ ${written}` : value(written);
}

const value = (toml: string): unknown => parse(`value = ${toml}`)["value"];

/** The default as the docs must say it. */
function schemaDefault({ required, inherits, fallback }: Settings[string]): unknown {
  if (required) return "required";
  if (inherits !== null) return `→ ${inherits}`;
  return fallback ?? "none";
}

test("the example file is valid as it is", () => {
  const config = parseConfig(example, { file: join(ROOT, "pgsoak.example.toml"), env: {} });
  expect(config.mirrorings).toHaveLength(1);
});

describe.for(TABLES)("$name", (table) => {
  const keys = Object.keys(table.settings);

  test("has the same keys in the example, in the docs and in the code, in the same order", () => {
    expect([...documentedSettings(table).keys()]).toEqual(keys);
    expect([...exampleSettings(table).keys()].toSorted()).toEqual(keys.toSorted());
  });

  test("has the same defaults in the docs and in the code", () => {
    const defaults = Object.entries(table.settings).map(([key, setting]) => [key, schemaDefault(setting)]);
    expect(Object.fromEntries(documentedSettings(table))).toEqual(Object.fromEntries(defaults));
  });

  test("has the same defaults in the example and in the code", () => {
    // Without a default there is nothing to compare: the example shows what such a value looks like.
    const defaults = keys
      .map((key) => [key, effectiveDefault(table, key)])
      .filter(([, fallback]) => fallback !== undefined);
    const written = exampleSettings(table);
    expect(defaults.map(([key]) => [key, written.get(String(key))])).toEqual(defaults);
  });

  test("says why, above every setting of the example", () => {
    expect(exampleReasons(table).filter(([, line]) => !/^# [^=]+[.:,]/.test(line))).toEqual([]);
  });
});

function effectiveDefault({ settings }: TableSchema, key: string): unknown {
  const { fallback, inherits } = settings[key]!;
  const general: Settings = GENERAL;
  return fallback ?? (inherits === null ? undefined : general[inherits]?.fallback);
}

/** Each setting with the line above its first time; the eight that repeat [general] share one line. */
function exampleReasons({ name, settings }: TableSchema): [string, string][] {
  const reasons = new Map<string, string>();
  let current = "";
  let above = "";
  for (const line of example.split("\n")) {
    current = /^(?:# )?\[\[?([a-z]+)\]\]?$/.exec(line)?.[1] ?? current;
    const key = current === name ? (/^(?:# )?([a-z_0-9]+) = .+$/.exec(line)?.[1] ?? "") : "";
    const isShared = name === "mirroring" && settings[key]?.inherits?.startsWith("mirror_") === true;
    if (key !== "" && !isShared && !reasons.has(key)) reasons.set(key, above);
    above = line;
  }
  return [...reasons];
}
