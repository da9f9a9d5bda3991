// The options behind a command that take a length of time: WINDOW '7d', STEP '5m'.

import { DURATION_EXPECTED, parseDuration } from "../../config/duration.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { ConsoleError } from "./console-error.ts";
import type { Token } from "./tokens.ts";

const ALL = "all";

/** Values by option, each at most once; null where the tokens are something else. Throws 22023 for a value that is none. */
export function readOptions(rest: readonly Token[], options: readonly string[]): ReadonlyMap<string, string> | null {
  const values = new Map<string, string>();
  for (let at = 0; at < rest.length; at += 2) {
    const [name, value] = [rest[at]!.upper, rest[at + 1]];
    if (!options.includes(name) || values.has(name) || value?.kind !== "string") return null;
    const isWhole = name === "WINDOW" && value.text === ALL;
    if (!isWhole && parseDuration(value.text) === null) {
      const all = name === "WINDOW" ? `, or ${ALL}` : "";
      throw new ConsoleError(Sqlstate.InvalidParameterValue, `${name}: expected ${DURATION_EXPECTED}${all}`);
    }
    values.set(name, value.text);
  }
  return values;
}
