// GET /observations: for each mirroring how much of a window was observed, and every gap with its cause.

import { createRoute, z } from "@hono/zod-openapi";
import type { EpochRow } from "../projections/notes.ts";
import { readLastEpoch } from "../projections/read-notes.ts";
import { readObservations } from "../projections/read-observations.ts";
import { formatMoment } from "../projections/rfc3339.ts";
import { type Gap, gapsOf, longestGap, observedSeconds, type Timeline } from "../projections/timeline.ts";
import { parseWindow, type Window } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { epochSchema } from "./epochs.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { selectionParameters, windowOr400, windowParameters } from "./log-parameters.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

/** Gaps that are told of one mirroring, the latest; `gaps_total` counts all. */
const GAPS_MAX = 1000;

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

function timelineJson(timeline: Timeline, window: Window, epoch: EpochRow | null) {
  const gaps = gapsOf(timeline, window);
  const longest = longestGap(gaps);
  const seconds = observedSeconds(timeline, window);
  return {
    mirroring: timeline.mirroring,
    observed_seconds: seconds,
    observed_share: (seconds * 1e6) / (window.to - window.from),
    longest_gap: longest === null ? null : gapJson(longest),
    gaps_total: gaps.length,
    gaps: gaps.slice(-GAPS_MAX).map(gapJson),
    epoch: epoch === null ? null : { ...epoch, at: formatMoment(epoch.at) },
  };
}

export function addObservationsRoute(api: Api, context: ApiContext): void {
  const { reader, clock } = context;
  api.openapi(route, async (c) => {
    const { mirroring, ...query } = c.req.valid("query");
    if (mirroring !== undefined) checkMirroring(context, mirroring);
    const now = clock.wallUs();
    const answer = await reader.kysely.transaction().execute(async (db) => {
      const { since } = await readObservations(db, { from: now, to: now + 1 });
      const last = await readLastEpoch(db, now, mirroring ?? null);
      // A log that begins this very microsecond has no time to ask about.
      const begin = Math.min(Math.max(since ?? 0, last?.at ?? 0), now - 1);
      const window = windowOr400(() => parseWindow(query, { now, since: begin }));
      const { timelines } = await readObservations(db, window);
      const asked = timelines.filter((timeline) => timeline.mirroring === (mirroring ?? timeline.mirroring));
      const mirrorings = [];
      for (const timeline of asked) {
        mirrorings.push(timelineJson(timeline, window, await readLastEpoch(db, window.to, timeline.mirroring)));
      }
      return { from: formatMoment(window.from), to: formatMoment(window.to), mirrorings };
    });
    return c.json(answer, 200);
  });
}
