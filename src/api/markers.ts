// GET /markers and POST /markers: people's notes on the time line.

import { createRoute, z } from "@hono/zod-openapi";
import { formatMoment } from "../projections/rfc3339.ts";
import { parseWindow } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { appendEvent } from "./append-event.ts";
import { eventJsonSchema } from "./event-json-schema.ts";
import { limitParameter, seqParameter, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { noteAuthor, noteText } from "./note-text.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";
import { noParameters } from "./strict-query.ts";
import { unwrittenResponse } from "./unwritten-response.ts";

const MARKERS_MAX = 1000;

const markerSchema = z.object({ seq: z.int(), at: z.iso.datetime(), text: z.string(), who: z.string() });

const listRoute = createRoute({
  method: "get",
  path: "/markers",
  summary: "The notes of a window, by default all, in the order of the log",
  request: {
    query: z.strictObject({
      ...windowParameters,
      after: seqParameter.optional().meta({ description: "those behind this seq", examples: ["0"] }),
      limit: limitParameter(MARKERS_MAX)
        .optional()
        .meta({ description: `1 to ${MARKERS_MAX}, which is the default`, examples: ["20"] }),
    }),
  },
  responses: {
    200: {
      description: "Markers; `next` is the `after` of the next page, null at the end",
      content: {
        "application/json": { schema: z.object({ markers: z.array(markerSchema), next: z.int().nullable() }) },
      },
    },
    503: rebuildingResponse,
  },
});

const addRoute = createRoute({
  method: "post",
  path: "/markers",
  summary: "Adds a note at this moment",
  request: {
    query: noParameters,
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ text: noteText, who: noteAuthor }) } },
    },
  },
  responses: {
    201: { description: "The event", content: { "application/json": { schema: eventJsonSchema } } },
    503: unwrittenResponse,
  },
});

export function addMarkersRoutes(api: Api, context: ApiContext): void {
  const { questions, clock } = context;
  api.openapi(listRoute, async (c) => {
    const { after = 0, limit = MARKERS_MAX, ...query } = c.req.valid("query");
    const { now } = await windowBounds(context, undefined);
    const window = windowOr400(() => parseWindow(query, { now, since: 0 }));
    const rows = await questions.ask({ kind: "markers", window, page: { after, limit: limit + 1 } });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.seq ?? null) : null;
    return c.json({ markers: page.map((row) => ({ ...row, at: formatMoment(row.at) })), next }, 200);
  });
  api.openapi(addRoute, async (c) => {
    const { text, who } = c.req.valid("json");
    return c.json(await appendEvent(context, { kind: "marked", at: clock.wallUs(), text, who }), 201);
  });
}
