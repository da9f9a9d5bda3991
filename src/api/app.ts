// The HTTP API: guards first, then one file per route. Everything that goes wrong leaves as a problem document.
//
//   request ─▶ body limit ─▶ Host allow-list ─▶ token ─▶ what may write ─▶ route

import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { ApiConfig } from "../config/config.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import type { Api, ApiContext, ApiEnv } from "./api-context.ts";
import { bodyGuard } from "./body-guard.ts";
import { addCompareRoute } from "./compare.ts";
import { addDashboardFiles, addDashboardRoute } from "./dashboard/dashboard.ts";
import { LastVerdicts } from "./dashboard/last-verdicts.ts";
import { addLoginRoutes, type Login } from "./dashboard/login.ts";
import { LoginAttempts } from "./dashboard/login-attempts.ts";
import { Sessions } from "./dashboard/sessions.ts";
import { addEpochsRoutes } from "./epochs.ts";
import { NotRecordedError } from "./event-appender.ts";
import { addEventsRoute } from "./events.ts";
import { addHealthzRoute } from "./healthz.ts";
import { addHealthzRecordingRoute } from "./healthz-recording.ts";
import { addHistoryRoute } from "./history.ts";
import { hostGuard } from "./host-guard.ts";
import { BusyError, SilentLogError } from "./log-questions.ts";
import { addMarkersRoutes } from "./markers.ts";
import { addMetricsRoute } from "./metrics.ts";
import { addObservationsRoute } from "./observations.ts";
import { addOpenApiRoute } from "./openapi.ts";
import { problem, ProblemError } from "./problem.ts";
import { rawPath } from "./raw-path.ts";
import { addReadinessRoute } from "./readiness.ts";
import { addResetRoute } from "./reset.ts";
import { addStatementsRoute } from "./statements.ts";
import { addStatsRoute } from "./stats.ts";
import { addStatusRoute } from "./status.ts";
import { parameterGuard, refuseParameters } from "./strict-query.ts";
import { tokenGuard } from "./token-guard.ts";
import { writeGuard } from "./write-guard.ts";

/** Methods of the routes under this very path. */
function methodsOf(api: Api, path: string): string[] {
  const methods = api.routes
    .filter((route) => route.path === path && route.method !== "ALL")
    .map(({ method }) => method);
  return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))];
}

/** Who reads the log has explained SQLite's own errors. */
const isLogError = (error: Error): boolean => error instanceof PgsoakError && error.code.startsWith("log_");

/** What the routes share; it lives as long as the application. */
const createLogin = (context: ApiContext): Login => {
  return { sessions: new Sessions(context.clock), attempts: new LoginAttempts(context.clock) };
};

/** Every route. None of them touches the context before it is asked. */
export function addRoutes(api: Api, context: ApiContext, login: Login): void {
  const verdicts = new LastVerdicts();
  addMetricsRoute(api, context, login);
  addStatsRoute(api, context);
  addHistoryRoute(api, context);
  addStatementsRoute(api, context);
  addCompareRoute(api, context);
  addEventsRoute(api, context);
  addObservationsRoute(api, context);
  addMarkersRoutes(api, context);
  addEpochsRoutes(api, context);
  addReadinessRoute(api, context, verdicts);
  addResetRoute(api, context);
  addHealthzRoute(api, context);
  addHealthzRecordingRoute(api, context);
  addStatusRoute(api, context);
  addLoginRoutes(api, context, login);
  addDashboardRoute(api, context, verdicts);
  addOpenApiRoute(api, context);
}

/** The application; `serveApi` puts it on a port. The caller keeps the context's resources open as long. */
export function createApi(context: ApiContext): Api {
  const { log } = context;
  const settings = (): ApiConfig => context.config.api;
  const login = createLogin(context);
  const api = new OpenAPIHono<ApiEnv>({ getPath: rawPath, defaultHook: refuseParameters });

  api.use(async (c, next) => {
    await next();
    c.header("x-content-type-options", "nosniff");
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  });
  api.use(
    bodyGuard(),
    hostGuard(settings),
    tokenGuard(settings, login.sessions),
    writeGuard((path) => methodsOf(api, path)),
    parameterGuard(),
  );

  addRoutes(api, context, login);
  addDashboardFiles(api);

  api.notFound((c) => {
    const methods = methodsOf(api, c.req.path);
    if (methods.length === 0) return problem("not_found", "there is nothing under this path");
    const allow = methods.join(", ");
    return problem("method_not_allowed", `this path answers ${allow}`, { headers: { allow } });
  });
  api.onError((error, c) => {
    if (error instanceof ProblemError) return problem(error.code, error.message, { field: error.field });
    if (error instanceof NotRecordedError) return problem("recording_broken", error.message);
    if (error instanceof BusyError) return problem("busy", error.message, { headers: { "retry-after": "1" } });
    // Whoever reads the log has logged it: once, not for each question.
    if (error instanceof SilentLogError) return problem("log_unavailable", error.message);
    // Hono's own: a body that is no JSON.
    if (error instanceof HTTPException && error.status === 400)
      return problem("bad_request", "the body is not JSON, expected an object");
    if (error instanceof HTTPException && error.status === 415) {
      return problem("unsupported_media_type", "send a form with Content-Type: application/x-www-form-urlencoded");
    }
    if (error instanceof PgsoakError && error.code === "rebuilding") return problem("rebuilding", error.message);
    log.error("the HTTP API failed to answer", { method: c.req.method, path: c.req.path, cause: messageOf(error) });
    return isLogError(error)
      ? problem("log_unavailable", "the event log cannot be read at the moment")
      : problem("internal", "pgsoak failed to answer; its log says why");
  });
  return api;
}
