// GET /healthz: liveness. It is 200 as long as traffic flows, also while nothing is recorded: an orchestrator must not
// kill the primary path because a disk is full. It answers from memory: no question about the log is asked.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import { noParameters } from "./strict-query.ts";

const route = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the service is alive, and whether it records",
  request: { query: noParameters },
  responses: {
    200: {
      description: "Alive",
      content: {
        "application/json": {
          schema: z.object({
            status: z.literal("ok"),
            recording: z.enum(["ok", "broken"]),
            /** Only while recording is broken. */
            cause: z.string().optional(),
            /** Only while the log can't be read, and why. */
            reading: z.literal("broken").optional(),
            reading_cause: z.string().optional(),
            log: z.enum(["checking", "ok", "damaged"]),
            /** Only when the log is damaged: where, and what to do. */
            damage: z.string().optional(),
            /** Only while projections are rebuilt: events folded, of all. Answers that need them are 503 meanwhile. */
            rebuilding: z.object({ projection: z.string(), done: z.int(), of: z.int() }).optional(),
          }),
        },
      },
    },
  },
});

export function addHealthzRoute(api: Api, { live }: ApiContext): void {
  api.openapi(route, (c) => {
    const { state, cause } = live.recording();
    const reading = live.reading();
    const { state: logState, damage } = live.logCheck();
    const rebuilding = live.rebuilding();
    const body = {
      status: "ok" as const,
      recording: state,
      ...(state === "broken" ? { cause } : {}),
      ...(reading.state === "broken" ? { reading: reading.state, reading_cause: reading.cause } : {}),
      log: logState,
      ...(logState === "damaged" ? { damage } : {}),
      ...(rebuilding === null ? {} : { rebuilding }),
    };
    return c.json(body, 200);
  });
}
