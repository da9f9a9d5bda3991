// GET /epochs: the moments before which evidence is worthless, whoever said so. POST /epochs: a person says it, because the
// mirror was restored anew for instance.

import { createRoute, z } from "@hono/zod-openapi";
import { formatMoment } from "../projections/rfc3339.ts";
import { parseWindow } from "../projections/window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { appendEvent } from "./append-event.ts";
import { eventJsonSchema } from "./event-json-schema.ts";
import { checkMirroring } from "./known-mirroring.ts";
import { nameParameter, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { noteAuthor, noteText } from "./note-text.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";
import { noParameters } from "./strict-query.ts";
import { unwrittenResponse } from "./unwritten-response.ts";

/** Epochs that are told of one window, the latest. */
const EPOCHS_MAX = 1000;

const bodySchema = z.strictObject({
  reason: noteText,
  /** Absent or null: all of them. */
  mirroring: nameParameter
    .nullable()
    .default(null)
    .meta({ examples: ["pg18"] }),
  who: noteAuthor,
});

export const epochSchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  mirroring: z.string().nullable().describe("null: all of them"),
  what: z.string(),
  before: z.string(),
  after: z.string(),
  who: z.string(),
});

const listRoute = createRoute({
  method: "get",
  path: "/epochs",
  summary: "The epochs of a window, by default all, in the order of the log",
  request: { query: z.strictObject(windowParameters) },
  responses: {
    200: {
      description: "Epochs, the latest 1,000 of the window",
      content: { "application/json": { schema: z.object({ epochs: z.array(epochSchema) }) } },
    },
    503: rebuildingResponse,
  },
});

const addRoute = createRoute({
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

export function addEpochsRoutes(api: Api, context: ApiContext): void {
  const { questions, clock } = context;
  api.openapi(listRoute, async (c) => {
    const { now } = await windowBounds(context, undefined);
    const window = windowOr400(() => parseWindow(c.req.valid("query"), { now, since: 0 }));
    const rows = await questions.ask({ kind: "epochs", window, latest: EPOCHS_MAX });
    return c.json({ epochs: rows.map((row) => ({ ...row, at: formatMoment(row.at) })) }, 200);
  });
  api.openapi(addRoute, async (c) => {
    const { reason: what, mirroring, who } = c.req.valid("json");
    if (mirroring !== null) await checkMirroring(context, mirroring);
    const at = clock.wallUs();
    const event = { kind: "epoch_started", at, mirroring, what, before: "", after: "", who } as const;
    return c.json(await appendEvent(context, event), 201);
  });
}
