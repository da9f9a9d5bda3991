// Settings that this version reads but can't honour yet. They are refused: a setting that is silently ignored would let
// somebody believe that a connection is encrypted.

import { platform } from "node:os";
import type { Config, TlsMode } from "./config.ts";
import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";

const NOT_YET = "is not available in this version";
/** `prefer` takes plaintext where there is nothing better, so it is honoured; `check` says so in a warning. */
const TLS_MODES: ReadonlySet<TlsMode> = new Set(["disable", "prefer"]);

export function checkUnavailable(config: Config, mistakes: Mistakes): void {
  const refuse = (isSet: boolean, path: KeyPath, what: string): void => {
    if (isSet) mistakes.add(path, `${what} ${NOT_YET}`);
  };
  const { general, tls } = config;
  refuse(tls.certificate !== null, ["tls", "certificate"], "TLS on the client side");
  refuse(tls.privateKey !== null, ["tls", "private_key"], "TLS on the client side");
  refuse(tls.required, ["tls", "required"], "TLS on the client side");
  for (const [index, database] of config.databases.entries()) {
    refuse(!TLS_MODES.has(database.tls), ["databases", index, "tls"], `"${database.tls}"`);
    refuse(database.tlsCa !== null, ["databases", index, "tls_ca"], "TLS to a server");
  }
  if (general.threads > 1 && platform() !== "linux") {
    mistakes.add(["general", "threads"], `expected 1: more than one thread needs Linux, got ${general.threads}`);
  }
}
