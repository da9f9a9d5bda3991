// Every setting of a configuration by a name of its own: `general.port`, `databases "main".password`.

import type { ConfigDocument } from "./config-document.ts";

/** In the order of the document. */
export function flatDocument(document: ConfigDocument): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, table] of Object.entries(document)) {
    const entries = Array.isArray(table) ? table : [table];
    for (const entry of entries) {
      const prefix = Array.isArray(table) ? `${name} ${JSON.stringify(entry["name"])}` : name;
      for (const [key, value] of Object.entries(entry)) {
        // A user may have several entries, each for databases of its own.
        let path = `${prefix}.${key}`;
        while (values.has(path)) path += "'";
        values.set(path, value);
      }
    }
  }
  return values;
}
