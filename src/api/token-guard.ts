// The bearer token. With `open_reads` only writes need it; liveness never does, because an orchestrator that cannot
// authenticate must not conclude that the primary path is dead.

import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { ApiConfig } from "../config/config.ts";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

const LIVENESS_PATHS = new Set(["/healthz", "/healthz/recording"]);
const READ_METHODS = new Set(["GET", "HEAD"]);

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether an Authorization header carries the token. Digests are compared, so neither content nor length shows in time. */
function carriesToken(header: string | undefined, token: string): boolean {
  const offered = /^bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  return offered !== undefined && timingSafeEqual(digest(offered), digest(token));
}

/** Answers 401 where the token is needed and missing. Without a configured token everything passes. */
export function tokenGuard(settings: () => ApiConfig): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { token, openReads } = settings();
    if (token === null) return next();
    const isRead = READ_METHODS.has(c.req.method);
    if (isRead && (openReads || LIVENESS_PATHS.has(c.req.path))) return next();
    if (carriesToken(c.req.header("authorization"), token)) return next();
    return problem("unauthorized", "a bearer token is needed", {
      headers: { "www-authenticate": 'Bearer realm="pgsoak"' },
    });
  };
}
