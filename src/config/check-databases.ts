// What must hold among [[databases]] and [[users]].

import { overlaps } from "./address.ts";
import type { Config, UserConfig } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";

export function checkDatabases(config: Config, mistakes: Mistakes): void {
  const { databases, general, users } = config;
  if (databases.length === 0 && !mistakes.has(["databases"])) {
    mistakes.add(["databases"], "expected at least one [[databases]] entry, but there is none");
  }
  for (const [index, database] of databases.entries()) {
    const first = databases.findIndex(({ name }) => name !== "" && name === database.name);
    if (first !== -1 && first < index) {
      const other = mistakes.refer(["databases", first, "name"]);
      mistakes.add(["databases", index, "name"], `"${database.name}" is the name of another entry already: ${other}`);
    }
    if (database.port === general.port && overlaps(general.host, database.host)) {
      const own = mistakes.refer(["general", "port"]);
      mistakes.add(["databases", index, "port"], `${database.host}:${database.port} is pgsoak's own address, ${own}`);
    }
  }
  for (const [index, user] of users.entries()) {
    const first = users.findIndex(
      (other) => other.name !== "" && other.name === user.name && sharesDatabase(other, user),
    );
    if (first === index || first === -1) continue;
    const other = mistakes.refer(["users", first, "name"]);
    mistakes.add(["users", index, "name"], `"${user.name}" has an entry for the same databases already: ${other}`);
  }
}

/** An empty list is every database. */
function sharesDatabase(a: UserConfig, b: UserConfig): boolean {
  if (a.databases.length === 0 || b.databases.length === 0) return true;
  return a.databases.some((name) => b.databases.includes(name));
}
