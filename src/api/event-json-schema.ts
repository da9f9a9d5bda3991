// An event in answers: what every kind has, and whatever else its kind carries (projections/event-json.ts).

import { z } from "@hono/zod-openapi";

export const eventJsonSchema = z.looseObject({ seq: z.int().positive(), at: z.iso.datetime(), kind: z.string() });

export type AnsweredEvent = z.infer<typeof eventJsonSchema>;
