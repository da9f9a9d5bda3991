// Refuses large request bodies before anything reads them. A body must announce its length: what the API takes is small
// and known before it is sent.

import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

/** The largest body of a request; nothing that the API takes comes near it. */
const BODY_BYTES_MAX = 64 * 1024;

/** What follows on the connection would be the rest of the refused body: it is not worth reading. */
const headers = { connection: "close" };

export function bodyGuard(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (c.req.header("transfer-encoding") !== undefined) {
      return problem("length_required", "send the request body with a Content-Length", { headers });
    }
    // Node.js has checked that it is one number, and hands on no more bytes than it says.
    if (Number(c.req.header("content-length") ?? 0) > BODY_BYTES_MAX) {
      return problem("body_too_large", `the request body is larger than ${BODY_BYTES_MAX} bytes`, { headers });
    }
    return next();
  };
}
