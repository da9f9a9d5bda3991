// GET /stats: MirrorStats as JSON.

import { createRoute } from "@hono/zod-openapi";
import { statsJson, statsJsonSchema } from "../projections/stats-json.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";
import { noParameters } from "./strict-query.ts";

const route = createRoute({
  method: "get",
  path: "/stats",
  summary: "The counters since the last reset, in total and for each mirroring and database",
  request: { query: noParameters },
  responses: {
    200: { description: "MirrorStats", content: { "application/json": { schema: statsJsonSchema } } },
    503: rebuildingResponse,
  },
});

export function addStatsRoute(api: Api, { questions }: ApiContext): void {
  api.openapi(route, async (c) => c.json(statsJson(await questions.ask({ kind: "stats" })), 200));
}
