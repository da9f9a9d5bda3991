// Sockets to servers and bytes from sockets, the same way everywhere.

import { connect, type Socket } from "node:net";
import type { DatabaseConfig } from "../config/config.ts";

/** Opens a connection; a host that begins with `/` is the folder of a Unix socket, as in libpq. */
export function connectTo({ host, port }: DatabaseConfig): Socket {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true };
  return host.startsWith("/")
    ? connect({ path: `${host}/.s.PGSQL.${port}`, allowHalfOpen: true })
    : connect({ host, port, ...options });
}

/** Hears every chunk of a socket that has no encoding. */
export function onBytes(socket: Socket, listener: (chunk: Buffer) => void): void {
  socket.on("data", (chunk) => {
    if (typeof chunk !== "string") listener(chunk);
  });
}

/** Ends a connection behind what was written, but in this time: a peer that reads no more would keep it for ever. */
export function endWithin(socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.destroySoon();
}
