// Binds a port alone and lets it go again. With `reusePort` a second process would bind the proxy's port and take half of
// the clients without a word; and a port that is taken should be known before anything is started.

import { createServer } from "node:net";
import { PgsoakError } from "../errors.ts";

/** Rejects with address_in_use when anybody listens there. Port 0 gives a free one. */
export function probePort(what: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = error.code === "EADDRINUSE";
      const why = inUse ? "the address is already in use" : error.message;
      reject(new PgsoakError(inUse ? "address_in_use" : "unavailable", `${what} on ${host}:${port}: ${why}`));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
