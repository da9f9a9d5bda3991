// Who may ask: the bearer token, or the session of somebody who has logged in with it. With `open_reads` only writes need
// either; liveness never does, because an orchestrator that cannot authenticate must not conclude that the primary path is
// dead. The way in and the dashboard's own files hold no data.

import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { ApiConfig } from "../config/config.ts";
import type { Access, ApiEnv } from "./api-context.ts";
import { SESSION_COOKIE, type Sessions } from "./dashboard/sessions.ts";
import { problem } from "./problem.ts";

const LIVENESS_PATHS = new Set(["/healthz", "/healthz/recording"]);
const READ_METHODS = new Set(["GET", "HEAD"]);
/** They look at the access themselves, or need none. */
const DASHBOARD_FILES = "/dashboard/";
const WAY_IN = new Set(["GET /", "HEAD /", "GET /login", "HEAD /login", "POST /login", "POST /logout"]);

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Digests are compared, so neither content nor length shows in time. */
export const isToken = (offered: string, token: string): boolean => timingSafeEqual(digest(offered), digest(token));

/** Whether an Authorization header carries the token. */
function carriesToken(header: string | undefined, token: string): boolean {
  const offered = /^bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  return offered !== undefined && isToken(offered, token);
}

/** Answers 401 where the token is needed and missing. Without a configured token everything passes. */
export function tokenGuard(settings: () => ApiConfig, sessions: Sessions): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { method, path } = c.req;
    const isRead = READ_METHODS.has(method);
    const header = c.req.header("authorization");
    const id = getCookie(c, SESSION_COOKIE);
    const accessOf = (): Access => {
      const { token, openReads } = settings();
      if (token === null) return "open";
      if (carriesToken(header, token)) return "bearer";
      if (id !== undefined && sessions.holds(id, token)) return "session";
      return isRead && openReads ? "open" : "none";
    };
    const access = accessOf();
    c.set("access", access);
    c.set("isStillAllowed", () => accessOf() !== "none");
    if (access !== "none" || WAY_IN.has(`${method} ${path}`)) return next();
    if (isRead && (LIVENESS_PATHS.has(path) || path.startsWith(DASHBOARD_FILES))) return next();
    return problem("unauthorized", "a bearer token is needed", {
      headers: { "www-authenticate": 'Bearer realm="pgsoak"' },
    });
  };
}
