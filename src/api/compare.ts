// GET /compare: two windows side by side.

import { createRoute, z } from "@hono/zod-openapi";
import { comparisonSchema } from "../projections/comparison.ts";
import { parseNamedWindow } from "../projections/named-window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { namedWindowParameter, selectionParameters, windowBounds, windowOr400 } from "./log-parameters.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

const route = createRoute({
  method: "get",
  path: "/compare",
  summary: "Two windows side by side: counts, rates and latencies, and b − a of each",
  request: { query: z.strictObject({ a: namedWindowParameter, b: namedWindowParameter, ...selectionParameters }) },
  responses: {
    200: { description: "Both sides", content: { "application/json": { schema: comparisonSchema } } },
    503: rebuildingResponse,
  },
});

export function addCompareRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { mirroring, database, ...asked } = c.req.valid("query");
    if (mirroring !== undefined) await checkMirroring(context, mirroring);
    const bounds = await windowBounds(context, mirroring);
    const a = windowOr400(() => parseNamedWindow("a", asked.a, bounds));
    const b = windowOr400(() => parseNamedWindow("b", asked.b, bounds));
    return c.json(await context.questions.ask({ kind: "compare", a, b, mirroring, database }), 200);
  });
}
