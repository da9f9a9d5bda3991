// GET /history: a window as a series of points.

import { createRoute, z } from "@hono/zod-openapi";
import { historyCsv } from "../projections/history-csv.ts";
import { historyStep } from "../projections/history-step.ts";
import { historySchema } from "../projections/history.ts";
import { parseWindow } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { selectionParameters, stepParameter, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

const route = createRoute({
  method: "get",
  path: "/history",
  summary: "A window as a series of points: counts, rates and latencies; null where nobody was watching",
  request: {
    query: z.strictObject({
      ...windowParameters,
      step: stepParameter.optional(),
      ...selectionParameters,
      format: z.enum(["json", "csv"]).optional().describe("csv: the points alone, with dots in the names"),
    }),
  },
  responses: {
    200: {
      description: "The points that can be known, in the order of time",
      content: { "application/json": { schema: historySchema }, "text/csv": { schema: z.string() } },
    },
    503: rebuildingResponse,
  },
});

export function addHistoryRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { step, mirroring, database, format, ...asked } = c.req.valid("query");
    if (mirroring !== undefined) await checkMirroring(context, mirroring);
    const bounds = await windowBounds(context, mirroring);
    const window = windowOr400(() => parseWindow(asked, bounds));
    const stepUs = windowOr400(() => historyStep(window, step));
    const history = await context.questions.ask({ kind: "history", window, stepUs, mirroring, database });
    if (format !== "csv") return c.json(history, 200);
    return c.body(historyCsv(history), 200, { "content-type": "text/csv; charset=utf-8" });
  });
}
