// Settings that this version reads but can't honour yet. They are refused: a setting that is silently ignored would let
// somebody believe that a login is checked.

import { platform } from "node:os";
import type { Config } from "./config.ts";
import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";

const NOT_YET = "is not available in this version";

export function checkUnavailable(config: Config, mistakes: Mistakes): void {
  const refuse = (isSet: boolean, path: KeyPath, what: string): void => {
    if (isSet) mistakes.add(path, `${what} ${NOT_YET}`);
  };
  const { general } = config;
  refuse(general.auth === "userlist", ["general", "auth"], '"userlist"');
  if (general.threads > 1 && platform() !== "linux") {
    mistakes.add(["general", "threads"], `expected 1: more than one thread needs Linux, got ${general.threads}`);
  }
}
