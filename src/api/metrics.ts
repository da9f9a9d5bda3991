// GET /metrics: everything that is exported, in the format that the scraper asks for.

import { statSync } from "node:fs";
import { createRoute, z } from "@hono/zod-openapi";
import { PgsoakError } from "../errors.ts";
import type { LogReader } from "../events/log-reader.ts";
import { readStats, type StatsSnapshot } from "../projections/read-stats.ts";
import type { Api, ApiContext } from "./api-context.ts";
import type { Login } from "./dashboard/login.ts";
import { flatMetrics } from "./flat-metrics.ts";
import { labelledMetrics } from "./labelled-metrics.ts";
import { liveMetrics } from "./live-metrics.ts";
import { METRICS_CONTENT_TYPE, metricsFormat } from "./metrics-format.ts";
import { encodeMetrics, type MetricFamily } from "./metrics-text.ts";
import { createReadinessFamilies } from "./readiness-families.ts";
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
  },
});

/** Bytes of the log and its write-ahead log on disk; a file that isn't there counts nothing. */
function logBytes(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Every family of one scrape. */
async function collectMetrics(
  context: ApiContext,
  readinessFamilies: () => Promise<MetricFamily[]>,
  { attempts }: Login,
): Promise<MetricFamily[]> {
  const { config, reader, live, clock, version } = context;
  const { metricsPrefix, metricsFlatNames } = config.api;
  const snapshot = await readWhole(reader);
  const log = { appended: reader.lastSeq(), bytes: logBytes(config.events.path) };
  return [
    ...(snapshot === null ? [] : labelledMetrics(metricsPrefix, snapshot)),
    ...liveMetrics(metricsPrefix, {
      live,
      unrecorded: snapshot?.unrecorded ?? null,
      version,
      refusedLogins: attempts.refused,
      log,
    }),
    ...(await readinessFamilies()),
    ...(metricsFlatNames && snapshot !== null
      ? flatMetrics({ snapshot, mirrorings: live.mirrorings(), nowUs: clock.wallUs() })
      : []),
  ];
}

/** Null while a projection is being rebuilt: series that are absent can't be taken for counters that went back. */
async function readWhole(reader: LogReader): Promise<StatsSnapshot | null> {
  try {
    return await readStats(reader);
  } catch (error) {
    if (error instanceof PgsoakError && error.code === "rebuilding") return null;
    throw error;
  }
}

export function addMetricsRoute(api: Api, context: ApiContext, login: Login): void {
  const readinessFamilies = createReadinessFamilies(context);
  api.openapi(route, async (c) => {
    const format = metricsFormat(c.req.header("accept"));
    const headers = { "content-type": METRICS_CONTENT_TYPE[format], vary: "Accept" };
    return c.body(encodeMetrics(await collectMetrics(context, readinessFamilies, login), format), 200, headers);
  });
}
