// Picks a TCP port that nobody listens on. The port is below the range from which the kernel serves outgoing
// connections, so a server that is down for a moment finds it free again when it comes back.

import { createServer } from "node:net";

const PORT_MIN = 11_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 100;

/** Whether 127.0.0.1:`port` can be bound right now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A port that was free a moment ago: whoever binds it must be ready to be refused and to ask again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port between ${PORT_MIN} and ${PORT_MAX} in ${ATTEMPTS_MAX} attempts`);
}
