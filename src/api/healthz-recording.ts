// GET /healthz/recording: 503 while nothing is recorded, for alerting (not for an orchestrator, see healthz.ts).

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import { PROBLEM_TYPE, ProblemError, problemSchema } from "./problem.ts";
import { noParameters } from "./strict-query.ts";

const route = createRoute({
  method: "get",
  path: "/healthz/recording",
  summary: "Whether outcomes are recorded",
  request: { query: noParameters },
  responses: {
    200: {
      description: "Recording",
      content: { "application/json": { schema: z.object({ status: z.literal("ok"), recording: z.literal("ok") }) } },
    },
    503: { description: "Not recording", content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
  },
});

export function addHealthzRecordingRoute(api: Api, { live }: ApiContext): void {
  api.openapi(route, (c) => {
    const { state, cause } = live.recording();
    if (state === "broken") throw new ProblemError("recording_broken", cause);
    return c.json({ status: "ok" as const, recording: state }, 200);
  });
}
