// What must hold among [[mirroring]] and the [[databases]] they name. Above all: no write may reach one database twice.

import { messageOf } from "../errors.ts";
import { mayBeSameHost } from "./address.ts";
import type { Config, DatabaseConfig, MirroringConfig } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";
import { nearestKey } from "./nearest-key.ts";

export function checkMirrorings(config: Config, mistakes: Mistakes): void {
  for (const [index, mirroring] of config.mirrorings.entries()) {
    checkReference(config, index, "source_db", mirroring.source, mistakes);
    checkReference(config, index, "destination_db", mirroring.destination, mistakes);
    checkRole(config, index, mirroring, mistakes);
    checkName(config, index, mirroring, mistakes);
    checkAddresses(config, index, mirroring, mistakes);
    checkPatterns(index, "include_statements", mirroring.statements.include, mistakes);
    checkPatterns(index, "exclude_statements", mirroring.statements.exclude, mistakes);
  }
}

function checkReference(config: Config, index: number, key: string, name: string, mistakes: Mistakes): void {
  if (name === "" || databaseNamed(config, name) !== undefined) return;
  const names = config.databases.map((database) => database.name).filter((known) => known !== "");
  const nearest = nearestKey(name, names);
  const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
  mistakes.add(["mirroring", index, key], `no [[databases]] entry has the name "${name}"${hint}`);
}

function checkRole(config: Config, index: number, { destination }: MirroringConfig, mistakes: Mistakes): void {
  if (destination === "") return;
  const path = ["mirroring", index, "destination_db"];
  const source = config.mirrorings.findIndex((other) => other.source === destination);
  if (source !== -1) {
    mistakes.add(path, `a mirror is never a source, but "${destination}" is: ${refer(mistakes, source, "source_db")}`);
  } else if (destination === "*") {
    mistakes.add(path, 'a mirror is never the entry "*", which clients get for any database');
  }
}

function checkName(config: Config, index: number, { name }: MirroringConfig, mistakes: Mistakes): void {
  const first = config.mirrorings.findIndex((other) => other.name !== "" && other.name === name);
  if (first === -1 || first === index) return;
  const other = refer(mistakes, first, "name");
  const rule = "without a name it has that of its destination_db";
  mistakes.add(["mirroring", index, "name"], `"${name}" is the name of another mirroring already: ${other}; ${rule}`);
}

/** Refuses a mirror that is the primary, and two mirrors of one source that are the same database. */
function checkAddresses(config: Config, index: number, mirroring: MirroringConfig, mistakes: Mistakes): void {
  const source = databaseNamed(config, mirroring.source);
  const destination = databaseNamed(config, mirroring.destination);
  if (source === undefined || destination === undefined || source === destination) return;
  const path = ["mirroring", index, "destination_db"];
  const twice = "so every write would run twice";
  if (isSameDatabase(source, source, destination)) {
    const primary = refer(mistakes, index, "source_db");
    mistakes.add(path, `"${destination.name}" has the address and database of its own primary, ${primary}, ${twice}`);
  }
  for (const [first, other] of config.mirrorings.slice(0, index).entries()) {
    const sibling = databaseNamed(config, other.destination);
    if (other.source !== mirroring.source || sibling === undefined) continue;
    if (!isSameDatabase(source, sibling, destination)) continue;
    const entry = refer(mistakes, first, "destination_db");
    mistakes.add(path, `"${destination.name}" is the same mirror of "${source.name}" as ${entry}, ${twice}`);
  }
}

/** Whether a request for the source's database could reach one and the same database behind both entries. */
function isSameDatabase(source: DatabaseConfig, a: DatabaseConfig, b: DatabaseConfig): boolean {
  if (a.host === "" || a.port !== b.port || !mayBeSameHost(a.host, b.host)) return false;
  const asked = source.name === "*" ? null : source.name;
  const [nameA, nameB] = [a.databaseName ?? asked, b.databaseName ?? asked];
  return nameA === null || nameB === null || nameA === nameB;
}

function checkPatterns(index: number, key: string, patterns: readonly string[], mistakes: Mistakes): void {
  for (const [position, pattern] of patterns.entries()) {
    try {
      RegExp(pattern);
    } catch (error) {
      mistakes.add(["mirroring", index, key, position], `expected a regular expression: ${messageOf(error)}`);
    }
  }
}

const databaseNamed = (config: Config, name: string): DatabaseConfig | undefined =>
  name === "" ? undefined : config.databases.find((database) => database.name === name);

const refer = (mistakes: Mistakes, index: number, key: string): string => mistakes.refer(["mirroring", index, key]);
