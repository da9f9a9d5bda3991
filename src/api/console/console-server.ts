// The admin console on its port: at most so many connections, each with its own.

import { createServer, type Server, type Socket } from "node:net";
import { messageOf, PgsoakError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { encodeError } from "../../proxy/protocol/encode.ts";
import { createScramVerifier, type ScramVerifier } from "../../proxy/protocol/scram-verifier.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { ConsoleConnection } from "./console-connection.ts";
import type { ConsoleSource } from "./console-source.ts";

const CONNECTIONS_MAX = 20;
const LOGIN_MS = 10_000;
const SLOW_MS = 10_000;
/** A last word may take so long when the server closes. */
const CLOSE_MS = 1000;

export interface ConsoleOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Log;
  /** For tests; LOGIN_MS and SLOW_MS when absent. */
  readonly loginMs?: number;
  readonly slowMs?: number;
}

export interface ConsoleServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Takes no new connections and ends the others with 57P01. */
  close(): Promise<void>;
}

/** Serves the console until it is closed. Fails with address_in_use when the port is taken. */
export async function serveConsole(source: ConsoleSource, options: ConsoleOptions): Promise<ConsoleServer> {
  const { host, port, log, loginMs = LOGIN_MS, slowMs = SLOW_MS } = options;
  const connections = new Map<Socket, ConsoleConnection>();
  const verifier = verifierOf(() => source.config.admin.password);
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    if (connections.size >= CONNECTIONS_MAX) {
      socket.on("error", () => undefined); // "close" follows
      socket.end(encodeError(TOO_MANY), () => socket.destroy());
      return;
    }
    connections.set(socket, new ConsoleConnection({ socket, source, log, loginMs, slowMs, verifier }));
    socket.on("close", () => connections.delete(socket));
  });
  await listen(server, host, port);
  server.on("error", (error) => log.error("the admin console could not accept a connection", { cause: error.message }));
  const address = server.address();
  const close = async (): Promise<void> => {
    for (const connection of connections.values()) connection.end(SHUTDOWN);
    const timer = setTimeout(() => {
      for (const socket of connections.keys()) socket.destroy();
    }, CLOSE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(timer);
  };
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return { host, port: bound, close, [Symbol.asyncDispose]: close };
}

/** Computes it once for each password. */
function verifierOf(password: () => string | null): () => Promise<ScramVerifier | null> {
  let known: { readonly password: string; readonly verifier: Promise<ScramVerifier> } | null = null;
  return async () => {
    const now = password();
    if (now === null) return null;
    if (known?.password !== now) known = { password: now, verifier: createScramVerifier(now) };
    return await known.verifier;
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw new PgsoakError(
      inUse ? "address_in_use" : "unavailable",
      `admin console on ${host}:${port}: ${inUse ? "the address is already in use" : messageOf(error)}`,
      { cause: error },
    );
  }
}

const TOO_MANY = {
  severity: "FATAL",
  sqlstate: Sqlstate.TooManyConnections,
  message: "sorry, too many clients already",
} as const;

const SHUTDOWN = {
  severity: "FATAL",
  sqlstate: Sqlstate.AdminShutdown,
  message: "terminating connection due to administrator command",
} as const;
