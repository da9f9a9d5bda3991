// What must hold for the three addresses that pgsoak listens on: they differ, and what is reachable from other machines
// asks for a secret that its clients can send.

import { isLoopback, overlaps } from "./address.ts";
import type { Config } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";
import { PORT_EXPECTED } from "./schema.ts";

/** What an Authorization header can carry behind "Bearer". */
const BEARER_TOKEN = /^[\x21-\x7e]*$/;
const LISTENERS = ["general", "api", "admin"] as const;

export function checkListeners(config: Config, allowPortZero: boolean, mistakes: Mistakes): void {
  for (const [index, name] of LISTENERS.entries()) {
    const { host, port } = config[name];
    const path = [name, "port"];
    if (port === 0 && !allowPortZero) mistakes.add(path, `expected ${PORT_EXPECTED}, got 0`);
    for (const earlier of LISTENERS.slice(0, index)) {
      const other = config[earlier];
      const otherPath = [earlier, "port"];
      if (port === 0 || port !== other.port || !overlaps(host, other.host)) continue;
      if (mistakes.has(path) || mistakes.has(otherPath)) continue;
      const [blamed, taker] = mistakes.isGiven(path) ? [path, otherPath] : [otherPath, path];
      mistakes.add(blamed, `${port} is taken by ${mistakes.refer(taker)} on the same host`);
    }
  }
  const { api, admin } = config;
  if (!isLoopback(api.host) && api.token === null && !mistakes.has(["api", "token_file"])) {
    mistakes.add(
      ["api", "host"],
      `"${api.host}" is reachable from other machines and needs api.token or api.token_file`,
    );
  }
  if (api.token !== null && !BEARER_TOKEN.test(api.token)) {
    const path = ["api", mistakes.isGiven(["api", "token_file"]) ? "token_file" : "token"];
    const expected = "expected letters, digits and signs of ASCII without blanks";
    mistakes.add(path, `${expected}, got a value that is not shown`);
  }
  if (!isLoopback(admin.host) && admin.password === null && !mistakes.has(["admin", "password_file"])) {
    const needs = "needs admin.password or admin.password_file";
    mistakes.add(["admin", "host"], `"${admin.host}" is reachable from other machines and ${needs}`);
  }
}
