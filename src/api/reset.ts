// POST /reset: the counters of MirrorStats begin anew. History and readiness are untouched by it.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import { appendEvent } from "./append-event.ts";
import { eventJsonSchema } from "./event-json-schema.ts";
import { noteAuthor } from "./note-text.ts";
import { noParameters } from "./strict-query.ts";
import { unwrittenResponse } from "./unwritten-response.ts";

const route = createRoute({
  method: "post",
  path: "/reset",
  summary: "Zeroes the counters of GET /stats and of the flat metrics",
  request: {
    query: noParameters,
    body: { required: true, content: { "application/json": { schema: z.strictObject({ who: noteAuthor }) } } },
  },
  responses: {
    201: { description: "The event", content: { "application/json": { schema: eventJsonSchema } } },
    503: unwrittenResponse,
  },
});

export function addResetRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { who } = c.req.valid("json");
    return c.json(await appendEvent(context, { kind: "counters_reset", at: context.clock.wallUs(), who }), 201);
  });
}
