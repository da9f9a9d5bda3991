// The path exactly as the client sent it. Nothing is decoded or normalised: `//metrics`, `/%6detrics` and `/x/../metrics`
// name no route, so no other spelling of a path can slip past a rule that was written for it.

import type { HttpBindings } from "@hono/node-server";

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** For Hono's `getPath`; without a node request (tests) the URL of the request stands in. */
export function rawPath(request: Request, options?: { env?: Partial<HttpBindings> }): string {
  const target = options?.env?.incoming?.url ?? request.url;
  const path = target.replace(ORIGIN, "").split(/[?#]/, 1)[0] ?? "";
  return path === "" ? "/" : path;
}
