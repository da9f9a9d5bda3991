// Refuses requests for names that aren't ours: a web page that rebinds its own name to this address (DNS rebinding)
// would otherwise read the API from a browser inside the network.

import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import type { ApiConfig } from "../config/config.ts";
import type { ApiEnv } from "./api-context.ts";
import { problem } from "./problem.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];
const WILDCARDS = new Set(["0.0.0.0", "::", ""]);

/** The host of a Host header or of a setting: no port, no brackets, lower case; "" when it is none. */
function hostName(text: string): string {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(text.trim());
  const name = match?.[1] ?? match?.[2] ?? (isIP(text) === 6 ? text : "");
  return name.toLowerCase();
}

/** The names that a Host header may carry; without a list, the loopback names and the configured host. */
function allowedHosts(config: ApiConfig): ReadonlySet<string> {
  const names = config.allowedHosts.length > 0 ? config.allowedHosts : [...LOOPBACK_NAMES, config.host];
  return new Set(names.map(hostName).filter((name) => !WILDCARDS.has(name)));
}

/**
 * Lets a request pass when its Host is on the list, or is the very address that the connection came in on: an address
 * can't be rebound, and probes of an orchestrator use it. Without a Host header it is no browser.
 */
export function hostGuard(settings: () => ApiConfig): MiddlewareHandler<ApiEnv> {
  let config = settings();
  let allowed = allowedHosts(config);
  return async (c, next) => {
    if (settings() !== config) {
      config = settings();
      allowed = allowedHosts(config);
    }
    const header = c.req.header("host");
    if (header === undefined) return next();
    const name = hostName(header);
    const ownAddress = c.env?.incoming?.socket.localAddress?.replace(/^::ffff:/, "");
    if (allowed.has(name) || (name !== "" && name === ownAddress)) return next();
    return problem("host_not_allowed", "this host name is not in [api] allowed_hosts");
  };
}
