// The effective configuration as the text of a configuration file, for people to read and diff.

import { stringify } from "smol-toml";
import type { Config } from "./config.ts";
import { configDocument, type ConfigDocument } from "./config-document.ts";

const MASK = "********";
/** A verifier is recognised by how it begins, which is no secret. */
const VERIFIER = "SCRAM-SHA-256$";

/** TOML that says the same as the configuration and parses again; secrets are masked. */
export function describeConfig(config: Config): string {
  const tables = Object.entries(maskedDocument(config)).filter(
    ([, table]) => !(Array.isArray(table) && table.length === 0),
  );
  return stringify(Object.fromEntries(tables));
}

/** The same as tables, for JSON. */
export function maskedDocument(config: Config): ConfigDocument {
  return configDocument(config, (secret) => (secret.startsWith(VERIFIER) ? `${VERIFIER}${MASK}` : MASK));
}
