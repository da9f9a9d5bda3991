// What a request must be that changes something: a JSON body, which no web page can send elsewhere without being asked
// first, and without a token also sent by a page of our own or by no page at all.

import type { MiddlewareHandler } from "hono";
import type { ApiConfig } from "../config/config.ts";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

const READ_METHODS = new Set(["GET", "HEAD"]);
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
export function writeGuard(
  settings: () => ApiConfig,
  methodsOf: (path: string) => readonly string[],
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { token } = settings();
    if (READ_METHODS.has(c.req.method) || !methodsOf(c.req.path).includes(c.req.method)) return next();
    const header = (name: string): string | undefined => c.req.header(name);
    if (token === null && !isOwn(header("origin"), header("sec-fetch-site"), header("host"))) {
      return problem("origin_not_allowed", "without a token, other sites may not change anything");
    }
    if (!isJson(header("content-type"))) {
      return problem("unsupported_media_type", "send a JSON body with Content-Type: application/json");
    }
    return next();
  };
}
