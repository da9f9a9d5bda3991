import { LIVE_SETTINGS } from "../../config/live-settings.ts";
import { PgsoakError } from "../../errors.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import type { ConsoleCommand } from "./command.ts";
import { ConsoleError } from "./console-error.ts";

/** Until the next reload or start, for every mirroring. */
export const setSetting: ConsoleCommand = {
  name: "SET",
  syntax: "SET mirror_exposure = 0.5",
  description: `sets one of ${LIVE_SETTINGS.join(", ")} for every mirroring until the next reload or start`,
  columns: [],
  changes: true,
  parse(rest) {
    const [setting, symbol, value] = rest;
    if (rest.length < 3 || setting === undefined || setting.kind !== "word" || value === undefined) return null;
    if (symbol?.upper !== "=" && symbol?.upper !== "TO") return null;
    const name = setting.text.toLowerCase();
    if (!LIVE_SETTINGS.includes(name)) {
      const message = `"${name.slice(0, 100)}" can't be set here`;
      throw new ConsoleError(Sqlstate.UndefinedObject, message, { hint: `It is one of ${LIVE_SETTINGS.join(", ")}.` });
    }
    const isSize = rest.length === 4 && value.kind === "number" && rest[3]?.kind === "word"; // 64 MiB
    if (rest.length !== 3 && !isSize) return null;
    return async ({ source, who }) => {
      try {
        await source.set(name, isSize ? `${value.text} ${rest[3]!.text}` : value.text, who);
      } catch (error) {
        if (!(error instanceof PgsoakError)) throw error;
        throw new ConsoleError(Sqlstate.InvalidParameterValue, error.message);
      }
      return [];
    };
  },
};
