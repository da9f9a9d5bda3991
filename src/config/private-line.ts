// Whether a server is known to be itself before anything is said to it.

import { isLoopback, isSocketFolder } from "./address.ts";
import type { DatabaseConfig } from "./config.ts";

/** On this machine, or behind a certificate that was looked at: nobody in between can take its place. */
export function isPrivateLine({ host, tls, tlsCa }: DatabaseConfig): boolean {
  if (isLoopback(host) || isSocketFolder(host)) return true;
  // As in libpq an authority that is given is looked at.
  return tls === "verify-full" || tls === "verify-ca" || (tls === "require" && tlsCa !== null);
}
