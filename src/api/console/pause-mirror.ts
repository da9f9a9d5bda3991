// PAUSE MIRROR and RESUME MIRROR, of one mirroring or of all.

import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { text } from "./column.ts";
import type { ConsoleCommand } from "./command.ts";
import { ConsoleError } from "./console-error.ts";
import type { ConsoleSource } from "./console-source.ts";

export const pauseMirror = command("PAUSE MIRROR", true, "selects nothing new for the mirror; what was begun goes on");
export const resumeMirror = command("RESUME MIRROR", false, "goes on mirroring");

function command(name: string, paused: boolean, description: string): ConsoleCommand {
  return {
    name,
    syntax: `${name} [name]`,
    description,
    columns: [text("mirroring"), text("state")],
    changes: true,
    parse(rest) {
      const [asked] = rest;
      if (rest.length > 1 || (asked !== undefined && (asked.kind === "symbol" || asked.kind === "number"))) return null;
      return async ({ source, who }) => {
        const names = asked === undefined ? source.config.mirrorings.map((known) => known.name) : [asked.text];
        if (asked !== undefined) checkName(source, asked.text);
        await source.setPaused(names, paused, who);
        const states = source.mirrorings().filter(({ mirroring }) => names.includes(mirroring));
        return states.map(({ mirroring, state }) => [mirroring, state]);
      };
    },
  };
}

function checkName({ config }: ConsoleSource, name: string): void {
  const names = config.mirrorings.map((mirroring) => mirroring.name);
  if (names.includes(name)) return;
  const hint = names.length === 0 ? "There is no [[mirroring]]." : `There is ${names.join(", ")}.`;
  throw new ConsoleError(Sqlstate.UndefinedObject, `no mirroring has the name "${name.slice(0, 100)}"`, { hint });
}
