// Query parameters are taken as documented or refused by name: a typo in a question must not change the answer.

import type { Hook } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

/** The query of a route that takes no parameters. */
export const noParameters = z.strictObject({});

/** What is quoted of a name that the client made up. */
const NAME_LENGTH_MAX = 64;

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
  const field = issue?.path.join(".") ?? "";
  const what = field === "" ? "the body" : field;
  return problem("invalid_parameter", `${what}: ${issue?.message ?? "not valid"}`, field === "" ? {} : { field });
};
