// GET /observations: for each mirroring how much of a window was observed, and every gap with its cause.

import { createRoute, z } from "@hono/zod-openapi";
import type { ObservedMirroring } from "../projections/observed-mirrorings.ts";
import { formatMoment } from "../projections/rfc3339.ts";
import type { Gap } from "../projections/timeline.ts";
import { parseWindow, type Window } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { epochSchema } from "./epochs.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { selectionParameters, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

const moment = z.iso.datetime();
const gapSchema = z.object({ from: moment, to: moment, seconds: z.number(), cause: z.string() });
export const observationsSchema = z.object({
  from: moment,
  to: moment,
  mirrorings: z.array(
    z.object({
      mirroring: z.string(),
      observed_seconds: z.number(),
      observed_share: z.number(),
      longest_gap: gapSchema.nullable(),
      gaps_total: z.int(),
      gaps: z.array(gapSchema),
      /** The last one before the window's end: evidence from before it doesn't count. */
      epoch: epochSchema.nullable(),
    }),
  ),
});

const route = createRoute({
  method: "get",
  path: "/observations",
  summary: "When each mirroring was observed: by default since the log, or its last epoch, began",
  request: { query: z.strictObject({ ...windowParameters, mirroring: selectionParameters.mirroring }) },
  responses: {
    200: { description: "The ledger of the window", content: { "application/json": { schema: observationsSchema } } },
    503: rebuildingResponse,
  },
});

function gapJson({ from, to, cause }: Gap): z.infer<typeof gapSchema> {
  return { from: formatMoment(from), to: formatMoment(to), seconds: (to - from) / 1e6, cause };
}

function observedJson(observed: ObservedMirroring, { from, to }: Window) {
  const { mirroring, observedSeconds, longestGap, gapsTotal, gaps, epoch } = observed;
  return {
    mirroring,
    observed_seconds: observedSeconds,
    observed_share: (observedSeconds * 1e6) / (to - from),
    longest_gap: longestGap === null ? null : gapJson(longestGap),
    gaps_total: gapsTotal,
    gaps: gaps.map(gapJson),
    epoch: epoch === null ? null : { ...epoch, at: formatMoment(epoch.at) },
  };
}

export function addObservationsRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { mirroring, ...query } = c.req.valid("query");
    if (mirroring !== undefined) await checkMirroring(context, mirroring);
    const bounds = await windowBounds(context, mirroring);
    const window = windowOr400(() => parseWindow(query, bounds));
    const observed = await context.questions.ask({ kind: "observations", window, mirroring });
    const mirrorings = observed.map((each) => observedJson(each, window));
    return c.json({ from: formatMoment(window.from), to: formatMoment(window.to), mirrorings }, 200);
  });
}
