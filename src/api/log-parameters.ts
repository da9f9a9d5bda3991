// Query parameters that more than one route takes, as zod fields: whole numbers, kinds of events, windows.

import { z } from "@hono/zod-openapi";
import { KIND_CODES } from "../events/event-kinds.ts";
import type { EventKind } from "../events/event.ts";
import { type WindowBounds, WindowError } from "../projections/window.ts";
import type { ApiContext } from "./api-context.ts";
import { ProblemError } from "./problem.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its keys are the kinds
const KINDS = Object.keys(KIND_CODES) as [EventKind, ...EventKind[]];
const NAME_CHARACTERS_MAX = 200;
const QUERY_CHARACTERS_MAX = 64;

/** A seq of the log, or 0. */
export const seqParameter = z
  .string()
  .regex(/^\d{1,15}$/, "expected a whole number")
  .transform(Number);

/** At least 1, at most `max`. */
export function limitParameter(max: number): z.ZodType<number, string> {
  const message = `expected a whole number from 1 to ${max}`;
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, message)
    .transform(Number)
    .refine((limit) => limit <= max, message);
}

/** The name of a mirroring or a database. */
export const nameParameter = z.string().min(1).max(NAME_CHARACTERS_MAX);

const oneKind = z.enum(KINDS, { error: `expected one or more of ${KINDS.join(", ")}` });
/** Kinds of events, repeated or with commas between them. */
export const kindsParameter = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(",")))
  .pipe(z.array(oneKind).max(KINDS.length * 2));

const shortText = z.string().max(QUERY_CHARACTERS_MAX);

/** `window`, or `from` and `to`. */
export const windowParameters = {
  window: shortText.optional().meta({ description: "30s, 15m, 24h, 7d, 2w or all, up to now", examples: ["24h"] }),
  from: shortText.optional().meta({
    description: "from this moment on: RFC 3339 or Unix seconds",
    examples: ["2025-11-21T08:00:00Z"],
  }),
  to: shortText.optional().meta({
    description: "before this moment: RFC 3339 or Unix seconds",
    examples: ["2035-01-01T00:00:00Z"],
  }),
};

/** A length of time. */
export const stepParameter = shortText.meta({
  description: "the length of a point; without it there are about 300 of them",
  examples: ["5m"],
});

/** A window in one word. */
export const namedWindowParameter = z
  .string()
  .max(QUERY_CHARACTERS_MAX * 2)
  .meta({
    description: "a length such as 24h up to now, all, or FROM..TO: each RFC 3339 or Unix seconds",
    examples: ["24h"],
  });

/** Lanes. */
export const selectionParameters = {
  mirroring: nameParameter.optional().meta({ description: "this mirroring only", examples: ["pg18"] }),
  database: nameParameter.optional().meta({ description: "this database only, as clients name it", examples: ["app"] }),
};

/** What `24h` and `all` mean in a question about this mirroring, or about all. */
export function windowBounds({ questions, clock }: ApiContext, mirroring: string | undefined): Promise<WindowBounds> {
  return questions.ask({ kind: "bounds", nowUs: clock.wallUs(), mirroring });
}

/** What `parse` gives; a window that makes no sense is a problem with its field named. */
export function windowOr400<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof WindowError) throw new ProblemError("invalid_parameter", error.message, error.field);
    throw error;
  }
}
