// The named statements of a session: prepared now if there is none, used and forgotten by several steps.

import { bind, describe, execute, parse, sync } from "../../helpers/messages.ts";
import type { SoakSession } from "../soak-session.ts";

const NAMES = ["s1", "s2", "s3", "S_4"];
export const TEXTS = [
  "SELECT $1::int AS one",
  "SELECT balance FROM ledger WHERE owner = $1::int ORDER BY slot",
  "UPDATE ledger SET note = 'x' || ($1::int % 7) WHERE owner = $1 RETURNING slot",
  "SELECT $1::int, generate_series(1, 3)",
];

/** A statement that the session has prepared, prepared now if there was none. */
export async function known(s: SoakSession): Promise<string> {
  if (s.prepared.size > 0 && s.random.chance(0.9)) return s.random.pick([...s.prepared.keys()]);
  const name = s.random.pick(NAMES.filter((candidate) => !s.prepared.has(candidate)));
  if (name === undefined) return s.random.pick([...s.prepared.keys()]);
  const text = s.random.pick(TEXTS);
  await s.ok(parse(name, text), ...(s.random.chance(0.5) ? [describe("S", name)] : []), sync());
  s.prepared.set(name, text);
  return name;
}

/** Gives one name back to the session, if there is any. */
export const forget = async (s: SoakSession, how: (name: string) => Promise<unknown>): Promise<void> => {
  const name = await known(s);
  await how(name);
  s.prepared.delete(name);
};

export const run = (name: string, s: SoakSession): Buffer[] => [bind("", name, [String(s.owner)]), execute("")];
