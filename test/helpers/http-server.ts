// An HTTP server that is not pgsoak.

import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for. */
  readonly paths: string[];
}

export async function openFakeServer(answer: RequestListener): Promise<FakeServer> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, paths, [Symbol.asyncDispose]: close };
}
