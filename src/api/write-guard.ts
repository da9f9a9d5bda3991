// What a request must be that changes something: a JSON body, which no web page can send elsewhere without being asked
// first, and unless it carries the token also sent by a page of our own or, without a session, by no page at all.

import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

const READ_METHODS = new Set(["GET", "HEAD"]);
/** Written by people in a form of ours: what comes from elsewhere is refused by its origin. */
const FORM_PATHS = new Set(["/login", "/logout"]);
const OWN_SITES = new Set(["same-origin", "none"]);

const isJson = (contentType: string | undefined): boolean =>
  contentType?.split(";", 1)[0]?.trim().toLowerCase() === "application/json";

/** Whether the page that the request comes from is our own. The scheme is left out: TLS may end before us. */
function isOwn(origin: string | undefined, site: string | undefined, host: string | undefined): boolean {
  if (site !== undefined && !OWN_SITES.has(site)) return false;
  if (origin === undefined) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** `methodsOf` gives the methods that a path answers: what no route answers is refused by nobody but the router. */
export function writeGuard(methodsOf: (path: string) => readonly string[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (READ_METHODS.has(c.req.method) || !methodsOf(c.req.path).includes(c.req.method)) return next();
    const header = (name: string): string | undefined => c.req.header(name);
    const access = c.get("access");
    const isOurs = isOwn(header("origin"), header("sec-fetch-site"), header("host"));
    // A browser names the origin of every write; a cookie without one was not sent by our page.
    if (access !== "bearer" && (!isOurs || (access === "session" && header("origin") === undefined))) {
      return problem("origin_not_allowed", "without a bearer token, other sites may not change anything");
    }
    if (FORM_PATHS.has(c.req.path)) return next();
    if (!isJson(header("content-type"))) {
      return problem("unsupported_media_type", "send a JSON body with Content-Type: application/json");
    }
    return next();
  };
}
