// Asks the running service over its HTTP API, for the commands that change something: only the service writes the log.

import { readFileSync } from "node:fs";
import { Option } from "commander";
import { z } from "zod";
import { messageOf, PgsoakError } from "../errors.ts";
import type { CliContext } from "./context.ts";

const ANSWER_MS = 15_000;
const ANY_ADDRESS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1" };

/** What configOption() and serviceOptions() give. */
export interface ServiceOptions {
  readonly config: string;
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The same words on every command that asks the service. */
export function serviceOptions(): Option[] {
  return [
    new Option("--url <url>", "of the service's HTTP API, instead of what the configuration says"),
    new Option("--token <token>", "bearer token; others on this machine can see it, prefer a file").conflicts(
      "tokenFile",
    ),
    new Option("--token-file <path>", "file with the bearer token, instead of what the configuration says"),
  ];
}

/** Whose word it is, when nobody says: the user of the machine. */
export function authorOption({ env }: CliContext): Option {
  const user = env["USER"] ?? env["LOGNAME"] ?? "";
  return new Option("--who <name>", "who says so").default(user === "" ? "command line" : user);
}

const problemSchema = z.object({ detail: z.string(), code: z.string(), field: z.string().optional() });

/** An event as the service has appended it. */
const eventSchema = z.looseObject({ seq: z.int(), at: z.string(), kind: z.string() });
export type AppendedEvent = z.infer<typeof eventSchema>;

/** Posts a JSON body and answers with the event. Throws unavailable, usage (the service refuses the words) or config_invalid. */
export async function postToService(
  context: CliContext,
  options: ServiceOptions,
  path: string,
  body: object,
): Promise<AppendedEvent> {
  const { url, token } = await serviceOf(context, options);
  const { status, text } = await post(new URL(path, url), token, JSON.stringify(body));
  if (status === 201) return eventSchema.parse(JSON.parse(text));
  const problem = problemSchema.safeParse(parsed(text));
  if (!problem.success) throw new PgsoakError("unavailable", `what answers at ${url.origin} is not pgsoak (${status})`);
  const { code, detail } = problem.data;
  if (code === "unauthorized") throw new PgsoakError("unavailable", "the service wants a token: give --token-file");
  throw new PgsoakError(status === 400 ? "usage" : "unavailable", `the service refused: ${detail}`);
}

async function serviceOf(context: CliContext, options: ServiceOptions): Promise<{ url: URL; token: string | null }> {
  const given = options.tokenFile === undefined ? options.token : tokenOf(options.tokenFile);
  if (options.url !== undefined) return { url: urlOf(options.url), token: given ?? null };
  const { loadConfig } = await import("../config/load-config.ts");
  const { api } = loadConfig({ path: options.config, env: context.env });
  const host = ANY_ADDRESS[api.host] ?? api.host;
  const url = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${api.port}`);
  return { url, token: given ?? api.token };
}

function urlOf(text: string): URL {
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new PgsoakError("usage", `--url: expected a URL such as http://127.0.0.1:9090, got ${JSON.stringify(text)}`);
}

function tokenOf(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new PgsoakError("usage", `--token-file: ${messageOf(error)}`, { cause: error });
  }
}

async function post(url: URL, token: string | null, body: string): Promise<{ status: number; text: string }> {
  const headers = {
    "content-type": "application/json",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  try {
    // A redirection would carry the token to somebody else.
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : messageOf(cause);
    const message = `the service does not answer at ${url.origin} (${code}). Is pgsoak running, and is this its address?`;
    throw new PgsoakError("unavailable", message, { cause: error });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
