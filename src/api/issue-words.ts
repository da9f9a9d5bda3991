// What a schema has found wrong, in the words that people are answered with: the field, its value, and what was expected.

import type { z } from "@hono/zod-openapi";

type Issue = z.core.$ZodIssue;

/** That is quoted of a value that the client made up. */
const VALUE_CHARACTERS_MAX = 64;

function aOr(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function shown(value: unknown): string {
  if (typeof value === "string" && value.length > VALUE_CHARACTERS_MAX) {
    return JSON.stringify(`${value.slice(0, VALUE_CHARACTERS_MAX).toWellFormed()}…`);
  }
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : JSON.stringify(value);
}

/** The schema's own words where it has some; zod's speak of types. */
function expectedBy(issue: Issue): string {
  if (issue.code === "invalid_type") return `expected ${aOr(issue.expected)}`;
  if (issue.code === "too_big" && issue.origin === "string") return `expected at most ${issue.maximum} characters`;
  if (issue.code === "too_small" && issue.origin === "string") return "expected some text";
  if (issue.code === "invalid_value" && issue.message.startsWith("Invalid ")) {
    return `expected one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  }
  return issue.message;
}

/** The parts of a request that schemas look at, as Hono names them. */
type Target = "query" | "json" | "form" | "param" | "header" | "cookie";

/** `what` names the field; `value` is what was sent for it there. */
export function issueWords(issue: Issue, what: string, value: unknown, target: Target): string {
  // Forms carry tokens, which are never said again; only a query can have a field more than once.
  if (target === "form") return `${what} is not valid, ${expectedBy(issue)}`;
  const isQuery = target === "query";
  if (value === undefined) return `${what} is missing, ${expectedBy(issue)}`;
  if (isQuery && Array.isArray(value) && issue.code === "invalid_type")
    return `${what} is given more than once, expected once`;
  const quoted = isQuery && Array.isArray(value) ? shown(value.join(",")) : shown(value);
  return `${what} is ${quoted}, ${expectedBy(issue)}`;
}
