// One HTTP request whose path, headers and body go out as they are: fetch() would tidy them up first.

import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text as textOf } from "node:stream/consumers";

export interface HttpRequest {
  readonly method?: string;
  /** With the query, percent-encoded where it must be. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Without parameters. */
  readonly type: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** An answer without an end (`text/event-stream`) is given up when it has begun. */
export async function httpRequest(
  port: number,
  { method = "GET", path, headers = {}, body }: HttpRequest,
): Promise<HttpAnswer> {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const sent = request({ host: "127.0.0.1", port, method, path, agent, headers: { ...length, ...headers } });
  sent.end(body);
  const [answer]: IncomingMessage[] = await once(sent, "response");
  if (answer === undefined) throw new Error("no answer");
  const type = answer.headers["content-type"]?.split(";", 1)[0] ?? "";
  const isEndless = type === "text/event-stream" && method !== "HEAD";
  const text = isEndless ? String((await once(answer, "data"))[0]) : await textOf(answer);
  if (isEndless) answer.destroy();
  return { status: answer.statusCode ?? 0, type, headers: answer.headers, text };
}
