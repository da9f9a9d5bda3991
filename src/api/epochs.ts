// POST /epochs: a person says that older evidence is worthless, because the mirror was restored anew for instance.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import { appendEvent } from "./append-event.ts";
import { eventJsonSchema } from "./event-json-schema.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { nameParameter } from "./log-parameters.ts";
import { noteAuthor, noteText } from "./note-text.ts";
import { noParameters } from "./strict-query.ts";
import { unwrittenResponse } from "./unwritten-response.ts";

const bodySchema = z.strictObject({
  reason: noteText,
  /** Absent or null: all of them. */
  mirroring: nameParameter
    .nullable()
    .default(null)
    .meta({ examples: ["pg18"] }),
  who: noteAuthor,
});

const route = createRoute({
  method: "post",
  path: "/epochs",
  summary: "Begins an epoch: evidence from before this moment doesn't count any more",
  request: {
    query: noParameters,
    body: { required: true, content: { "application/json": { schema: bodySchema } } },
  },
  responses: {
    201: { description: "The event", content: { "application/json": { schema: eventJsonSchema } } },
    503: unwrittenResponse,
  },
});

export function addEpochsRoute(api: Api, context: ApiContext): void {
  api.openapi(route, async (c) => {
    const { reason: what, mirroring, who } = c.req.valid("json");
    if (mirroring !== null) await checkMirroring(context, mirroring);
    const at = context.clock.wallUs();
    const event = { kind: "epoch_started", at, mirroring, what, before: "", after: "", who } as const;
    return c.json(await appendEvent(context, event), 201);
  });
}
