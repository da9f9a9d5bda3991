// Calls of PostgreSQL's session-level advisory lock functions (PostgreSQL 18 docs, 9.28.10). One that is all that its
// statement does can be followed: it locks or lets go once, and says whether it did.

import type { Tokens } from "./tokens.ts";

/** `unclear`: it may be called any number of times, or not at all. */
export type LockCall = "lock" | "try" | "unlock" | "unlock_all" | "unclear";

/** By name; the locks themselves last until they are let go, whatever becomes of the transaction. */
export const LOCK_FUNCTIONS: ReadonlyMap<string, LockCall> = new Map([
  ["pg_advisory_lock", "lock"],
  ["pg_advisory_lock_shared", "lock"],
  ["pg_try_advisory_lock", "try"],
  ["pg_try_advisory_lock_shared", "try"],
  ["pg_advisory_unlock", "unlock"],
  ["pg_advisory_unlock_shared", "unlock"],
  ["pg_advisory_unlock_all", "unlock_all"],
]);

/** Of a text with such a call in it: the call where the text is `SELECT function(…)` and nothing else. */
export function readLockCall(t: Tokens): LockCall {
  if (!t.take("select")) return "unclear";
  if (t.take("pg_catalog")) t.take(".");
  const call = LOCK_FUNCTIONS.get(t.text);
  t.next();
  const { depth } = t;
  if (call === undefined || !t.take("(")) return "unclear";
  for (; !t.ended && !(t.text === ")" && t.depth === depth); t.next()) if (LOCK_FUNCTIONS.has(t.text)) return "unclear";
  if (!t.take(")")) return "unclear";
  // An alias, with AS or without.
  const isNamed = t.take("as");
  if (isNamed || /^["a-z_]/.test(t.text)) t.next();
  t.take(";");
  return t.text === "" ? call : "unclear";
}
