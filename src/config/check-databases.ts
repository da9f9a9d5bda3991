// What must hold among [[databases]].

import { overlaps } from "./address.ts";
import type { Config } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";

export function checkDatabases(config: Config, mistakes: Mistakes): void {
  const { databases, general } = config;
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
}
