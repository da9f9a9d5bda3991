// GET /metrics: everything that is exported, in the format that the scraper asks for.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "./api-context.ts";
import type { Login } from "./dashboard/login.ts";
import { flatMetrics } from "./flat-metrics.ts";
import { labelledMetrics } from "./labelled-metrics.ts";
import { liveMetrics } from "./live-metrics.ts";
import { METRICS_CONTENT_TYPE, metricsFormat } from "./metrics-format.ts";
import { encodeMetrics, type MetricFamily } from "./metrics-text.ts";
import { readTotals } from "./read-totals.ts";
import { createReadinessFamilies } from "./readiness-families.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";
import { noParameters } from "./strict-query.ts";

const route = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Metrics in the Prometheus text format 0.0.4 or OpenMetrics 1.0, by Accept",
  request: { query: noParameters },
  responses: {
    200: {
      description: "The exposition",
      content: { "text/plain": { schema: z.string() }, "application/openmetrics-text": { schema: z.string() } },
    },
    503: rebuildingResponse,
  },
});

/** Every family of one scrape. What is true now is told also while the log can't be read. */
async function collectMetrics(
  context: ApiContext,
  readinessFamilies: () => Promise<MetricFamily[]>,
  { attempts }: Login,
): Promise<MetricFamily[]> {
  const { config, live, clock, version } = context;
  const { metricsPrefix, metricsFlatNames } = config.api;
  const isRecording = config.general.mirrorMetricsEnabled && live.recording().state === "ok";
  const startedS = performance.timeOrigin / 1000;
  const [log, readiness] = await Promise.all([readTotals(context), readinessFamilies()]);
  const snapshot = log?.stats ?? null;
  return [
    ...(snapshot === null ? [] : labelledMetrics(metricsPrefix, snapshot)),
    ...liveMetrics(metricsPrefix, {
      live,
      isRecording,
      startedS,
      version,
      refusedDashboardLogins: attempts.refused,
      log,
    }),
    ...readiness,
    ...(metricsFlatNames && snapshot !== null
      ? flatMetrics({ snapshot, mirrorings: live.mirrorings(), nowUs: clock.wallUs() })
      : []),
  ];
}

export function addMetricsRoute(api: Api, context: ApiContext, login: Login): void {
  const readinessFamilies = createReadinessFamilies(context);
  api.openapi(route, async (c) => {
    const format = metricsFormat(c.req.header("accept"));
    const headers = { "content-type": METRICS_CONTENT_TYPE[format], vary: "Accept" };
    return c.body(encodeMetrics(await collectMetrics(context, readinessFamilies, login), format), 200, headers);
  });
}
