// The HTTP server under the API: limits and timeouts that keep slow or hostile clients from holding it, and errors
// below HTTP as problem documents too.

import { once } from "node:events";
import { STATUS_CODES, createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { PgsoakError, messageOf } from "../errors.ts";
import type { Api } from "./api-context.ts";
import { PROBLEM_STATUS, PROBLEM_TYPE, problem, problemBody, type ProblemCode } from "./problem.ts";

/** A client that has not sent its headers by then is cut off with 408; looked for every CHECK_INTERVAL_MS. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const CHECK_INTERVAL_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 100;
/** More than a fleet of scrapers and browsers holds, less than the file descriptors of a process. */
const CONNECTIONS_MAX = 1_000;
/** Answers in progress get this long when the server closes. */
const CLOSE_TIMEOUT_MS = 2_000;
/** Node.js closes the connections that are idle when it closes; those that become idle later are looked for so often. */
const CLOSE_IDLE_MS = 50;

export interface ServeOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** For tests; HEADERS_TIMEOUT_MS when absent. */
  readonly headersTimeoutMs?: number;
  /** A connection could not be accepted (out of file descriptors); the server goes on. */
  readonly onError?: (error: Error) => void;
}

export interface ApiServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Takes no new connections, closes idle ones at once and the others after CLOSE_TIMEOUT_MS at the latest. */
  close(): Promise<void>;
}

const PARSE_PROBLEMS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", `the request headers are larger than ${HEADER_BYTES_MAX} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "the request did not arrive in time"],
};

/** Node's parser has refused what came: there is no request object, so the answer is written by hand. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = PARSE_PROBLEMS[error.code ?? ""] ?? ["bad_request", "this is not a valid HTTP request"];
  const body = problemBody(code, detail);
  const status = PROBLEM_STATUS[code];
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw new PgsoakError(
      inUse ? "address_in_use" : "unavailable",
      `HTTP API on ${host}:${port}: ${inUse ? "the address is already in use" : messageOf(error)}`,
      { cause: error },
    );
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
    const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
}

/** Serves the API until it is closed. Fails with address_in_use when the port is taken. */
export async function serveApi(api: Api, options: ServeOptions): Promise<ApiServer> {
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const listener = getRequestListener((request, env) => api.fetch(request, env), {
    overrideGlobalObjects: false,
    // A request without a Host header (HTTP/1.0) still needs one to make a URL of.
    hostname: "localhost",
    errorHandler: () => problem("bad_request", "this is not a valid HTTP request"),
  });
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: Math.max(REQUEST_TIMEOUT_MS, headersTimeout),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headersTimeout),
      maxHeaderSize: HEADER_BYTES_MAX,
      // Node.js would answer without a body: it is refused below.
      requireHostHeader: false,
    },
    (request, response) => {
      if (request.httpVersion !== "1.0" && request.headers.host === undefined) {
        response.writeHead(PROBLEM_STATUS.bad_request, { "content-type": PROBLEM_TYPE, connection: "close" });
        response.end(problemBody("bad_request", "HTTP/1.1 needs a Host header"));
        return;
      }
      void listener(request, response);
    },
  );
  server.maxHeadersCount = HEADERS_MAX;
  server.maxConnections = CONNECTIONS_MAX;
  server.on("clientError", refuse);
  await listen(server, options);
  server.on("error", (error) => options.onError?.(error));

  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const close = (): Promise<void> => closeServer(server);
  return { host: options.host, port, close, [Symbol.asyncDispose]: close };
}
