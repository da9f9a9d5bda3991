// Ports for processes that tests start: each worker of the test run has a range of its own, so that two tests that look for
// one at the same moment never find the same.

import { env } from "node:process";
import { isPortFree } from "../../src/demo/free-port.ts";

/** Below the ports that the demo picks and those that the kernel gives to outgoing connections. */
const PORT_MIN = 3100;
const PORTS = 7800;
const RANGES = 12;
const RANGE_PORTS = PORTS / RANGES;

let picked = Math.floor(Math.random() * RANGE_PORTS);

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const range = Number(env["VITEST_POOL_ID"] ?? 0) % RANGES;
  for (let attempt = 0; attempt < RANGE_PORTS; attempt++) {
    picked = (picked + 1) % RANGE_PORTS;
    const port = PORT_MIN + range * RANGE_PORTS + picked;
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port among ${RANGE_PORTS} from ${PORT_MIN + range * RANGE_PORTS} on`);
}
