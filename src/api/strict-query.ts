// Query parameters are taken as documented or refused by name: a typo in a question must not change the answer.

import type { Hook } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./api-context.ts";
import { issueWords } from "./issue-words.ts";
import { problem } from "./problem.ts";

/** The query of a route that takes no parameters. */
export const noParameters = z.strictObject({});

/** What is quoted of a name that the client made up. */
const NAME_LENGTH_MAX = 64;

/** Names that are lost before any schema sees them: an object can't hold the one, and Hono leaves out the other. */
const INVISIBLE_NAMES = ["__proto__", ""];

/** Before the schemas. */
export function parameterGuard(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { searchParams } = new URL(c.req.url);
    const field = INVISIBLE_NAMES.find((name) => searchParams.has(name));
    if (field === undefined) return next();
    return problem("invalid_parameter", `unknown parameter ${JSON.stringify(field)}`, { field });
  };
}

/** The hook behind every route's schema: 400 with the field named. */
export const refuseParameters: Hook<unknown, ApiEnv, string, Response | undefined> = (result) => {
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const field = issue.keys[0]?.slice(0, NAME_LENGTH_MAX);
    return problem(
      "invalid_parameter",
      `unknown parameter ${JSON.stringify(field)}`,
      field === undefined ? {} : { field },
    );
  }
  const { target } = result;
  // A parameter that is a list is wrong as a whole: nobody counts its members.
  const path = (target === "query" ? issue?.path.slice(0, 1) : issue?.path) ?? [];
  const field = path.join(".");
  const what = field === "" ? "the body" : field;
  const sent = "data" in result ? result.data : undefined;
  const words = issue === undefined ? `${what} is not valid` : issueWords(issue, what, valueAt(sent, path), target);
  return problem("invalid_parameter", words, field === "" ? {} : { field });
};

/** What was sent at this place; undefined: nothing. */
function valueAt(sent: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    sent,
  );
}
