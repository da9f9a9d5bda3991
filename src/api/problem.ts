// Errors as RFC 9457 problem documents. `code` is for programs and never changes; `detail` is for people and may.

import { STATUS_CODES } from "node:http";
import { z } from "zod";

/** Every code that the API answers with, and its HTTP status. */
export const PROBLEM_STATUS = {
  bad_request: 400,
  invalid_parameter: 400,
  unauthorized: 401,
  host_not_allowed: 403,
  origin_not_allowed: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  length_required: 411,
  body_too_large: 413,
  unsupported_media_type: 415,
  headers_too_large: 431,
  internal: 500,
  busy: 503,
  log_unavailable: 503,
  rebuilding: 503,
  recording_broken: 503,
} as const;

export type ProblemCode = keyof typeof PROBLEM_STATUS;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the very object
const PROBLEM_CODES = Object.keys(PROBLEM_STATUS) as [ProblemCode, ...ProblemCode[]];

export const PROBLEM_TYPE = "application/problem+json";

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(PROBLEM_CODES),
  field: z.string().optional(),
});

/** The document as text; `field` names the parameter that is wrong. */
export function problemBody(code: ProblemCode, detail: string, field?: string): string {
  const status = PROBLEM_STATUS[code];
  return JSON.stringify({
    type: `urn:pgsoak:problem:${code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    ...(field === undefined ? {} : { field }),
  });
}

/** The answer that carries the document. */
export function problem(
  code: ProblemCode,
  detail: string,
  options: { field?: string | undefined; headers?: Record<string, string> } = {},
): Response {
  return new Response(problemBody(code, detail, options.field), {
    status: PROBLEM_STATUS[code],
    headers: { ...options.headers, "content-type": PROBLEM_TYPE },
  });
}

/** What a route throws to answer with a problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  /** The parameter that is wrong. */
  readonly field: string | undefined;

  constructor(code: ProblemCode, detail: string, field?: string) {
    super(detail);
    this.name = "ProblemError";
    this.code = code;
    this.field = field;
  }
}
