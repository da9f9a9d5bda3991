// A fingerprint of the effective configuration, kept with every run, so that two runs can be told apart by it.

import { createHash } from "node:crypto";
import type { Config } from "./config.ts";
import { configDocument } from "./config-document.ts";

/** SHA-256 in hex. Secrets take no part in it: a hash of a weak one could be guessed. Nor does the file's own path. */
export function configHash(config: Config): string {
  const document = configDocument(config, () => undefined);
  return createHash("sha256").update(JSON.stringify(document, sortedKeys)).digest("hex");
}

/** Key order is no difference. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
