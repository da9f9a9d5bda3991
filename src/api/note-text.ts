// What people write into the log: one line of bounded length, without characters that a terminal obeys.

import { z } from "@hono/zod-openapi";

const TEXT_CHARACTERS_MAX = 1000;
const WHO_CHARACTERS_MAX = 100;
/** Control characters, and those that break the line or turn the writing direction. */
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u;

function lineOf(max: number, example: string): z.ZodType<string, string> {
  return z
    .string()
    .max(max)
    .refine((text) => text.trim() !== "", "expected some text")
    .refine((text) => !UNPRINTABLE.test(text) && text.isWellFormed(), "expected one line without control characters")
    .meta({ examples: [example] });
}

export const noteText = lineOf(TEXT_CHARACTERS_MAX, "index on orders built");

/** Who says it; the API can't know better than it is told. */
export const noteAuthor = lineOf(WHO_CHARACTERS_MAX, "ann").default("api");
