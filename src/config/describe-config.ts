// The effective configuration as the text of a configuration file, for people to read and diff.

import { stringify } from "smol-toml";
import type { Config } from "./config.ts";
import { configDocument, type ConfigDocument } from "./config-document.ts";
import { VERIFIER_PREFIX } from "./scram-verifier.ts";

const MASK = "********";
/** A verifier that no password fits: what stands for one must be one, to be read again. */
const VERIFIER_MASK = `${VERIFIER_PREFIX}4096:AAAAAAAAAAAAAAAAAAAAAA==$${"A".repeat(43)}=:${"A".repeat(43)}=`;

/** TOML that says the same as the configuration and parses again; secrets are masked. */
export function describeConfig(config: Config): string {
  const tables = Object.entries(maskedDocument(config)).filter(
    ([, table]) => !(Array.isArray(table) && table.length === 0),
  );
  return stringify(Object.fromEntries(tables));
}

/** The same as tables, for JSON. */
export function maskedDocument(config: Config): ConfigDocument {
  return configDocument(config, (secret) => (secret.startsWith(VERIFIER_PREFIX) ? VERIFIER_MASK : MASK));
}
