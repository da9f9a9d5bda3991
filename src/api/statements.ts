// GET /statements: what became of each statement in a window.

import { createRoute, z } from "@hono/zod-openapi";
import { statementListSchema } from "../projections/statement-list.ts";
import { STATEMENT_SORTS } from "../projections/statement-sort.ts";
import { parseWindow } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { limitParameter, selectionParameters, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

const route = createRoute({
  method: "get",
  path: "/statements",
  summary: "Each statement of a window by fingerprint, the worst first: calls, errors by SQLSTATE, both latencies",
  request: {
    query: z.strictObject({
      ...windowParameters,
      sort: z.enum(STATEMENT_SORTS).optional().describe("what comes first: the most of this; by default errors"),
      limit: limitParameter(LIMIT_MAX)
        .optional()
        .meta({ description: `1 to ${LIMIT_MAX}, by default ${LIMIT_DEFAULT}`, examples: ["20"] }),
      ...selectionParameters,
    }),
  },
  responses: {
    200: { description: "The statements", content: { "application/json": { schema: statementListSchema } } },
    503: rebuildingResponse,
  },
});

export function addStatementsRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { sort = "errors", limit = LIMIT_DEFAULT, mirroring, database, ...asked } = c.req.valid("query");
    if (mirroring !== undefined) await checkMirroring(context, mirroring);
    const bounds = await windowBounds(context, mirroring);
    const window = windowOr400(() => parseWindow(asked, bounds));
    const question = { kind: "statements", window, sort, limit, mirroring, database } as const;
    return c.json(await context.questions.ask(question), 200);
  });
}
