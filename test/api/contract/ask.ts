// Asks one route of the contract, and says what is wrong with the answer, whatever the question was: undocumented, not as
// the schema has it, a failure of the service, or words that were not meant for people.

import type { Field, Operation } from "./operations.ts";
import { type HttpAnswer, httpRequest, type HttpRequest } from "./http-request.ts";

/** A value for a field; in a query `raw` stands there without being encoded. */
export interface Given {
  readonly field: Pick<Field, "name" | "in">;
  readonly value?: unknown;
  readonly raw?: string;
}

/** The fields that the route can't do without, with their first examples. */
export function requiredOf({ fields }: Operation): Given[] {
  return fields.filter(({ required }) => required).map((field) => ({ field, value: field.examples[0] }));
}

const encoded = ({ field, value, raw }: Given): string =>
  `${encodeURIComponent(field.name)}=${raw ?? encodeURIComponent(String(value))}`;

export function requestOf({ method, path, bodyType }: Operation, given: readonly Given[]): HttpRequest {
  const query = given.filter(({ field }) => field.in === "query").map(encoded);
  const headers = given
    .filter(({ field }) => field.in === "header")
    .map(({ field, value }) => [field.name, String(value)]);
  const body = given.filter(({ field }) => field.in === "body").map(({ field, value }) => [field.name, value]);
  return {
    method,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    headers: { ...Object.fromEntries(headers), ...(bodyType === null ? {} : { "content-type": bodyType }) },
    ...(bodyType === null ? {} : { body: JSON.stringify(Object.fromEntries(body)) }),
  };
}

export async function ask(port: number, operation: Operation, given: readonly Given[]): Promise<HttpAnswer> {
  return checked(operation, await httpRequest(port, requestOf(operation, given)));
}

/** What must never be read in an answer. */
const INSIDES = /\n\s+at |node_modules|\/src\/|\.ts:\d|SqliteError|SQLITE_|ZodError|\[object /;
const DETAIL_CHARACTERS_MAX = 400;

/** The answer itself; throws when the contract knows no such answer of this route. */
export function checked({ method, path, answers }: Operation, answer: HttpAnswer): HttpAnswer {
  const { status, type, text } = answer;
  const complain = (what: string): never => {
    throw new Error(`${method} ${path} answers ${what}: ${status} ${type}\n${text.slice(0, 1000)}`);
  };
  if (status >= 500) complain("with a failure");
  const content = answers.get(String(status)) ?? complain("with a status that is not documented");
  if (content.size === 0 && text === "") return answer;
  const schema = content.get(type) ?? complain("with a media type that is not documented");
  const mistake = schema.safeParse(type.endsWith("json") ? JSON.parse(text) : text).error;
  if (mistake !== undefined) complain(`otherwise than its schema says, ${mistake.message}`);
  if (status >= 400 && type === "application/problem+json") {
    if (INSIDES.test(text)) complain("with its insides");
    if (text.length > DETAIL_CHARACTERS_MAX * 2) complain("at length");
  }
  return answer;
}
