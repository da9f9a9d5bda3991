// What an answer covers and what it rests on, the same words in every answer about a window.

import { z } from "zod";
import { formatMoment } from "./rfc3339.ts";
import type { Window } from "./window.ts";

const moment = z.iso.datetime();
const windowSchema = z.object({ from: moment, to: moment });

export const coverageSchema = z.object({
  ...windowSchema.shape,
  covered: windowSchema.nullable().describe("The part that is answered; null when nothing of it is known any more"),
  resolution: z.string().describe("exact, or the buckets that the edges of what is covered were cut at"),
  seq: z.int().nonnegative().describe("The last event that the answer knows of"),
});

export type Coverage = z.infer<typeof coverageSchema>;

/** A window reading, whichever. */
interface Reading {
  readonly window: Window;
  readonly covered: Window | null;
  readonly resolution: string;
  readonly seq: number;
}

export const windowJson = ({ from, to }: Window): z.infer<typeof windowSchema> => {
  return { from: formatMoment(from), to: formatMoment(to) };
};

export function coverageJson({ window, covered, resolution, seq }: Reading): Coverage {
  return { ...windowJson(window), covered: covered === null ? null : windowJson(covered), resolution, seq };
}
