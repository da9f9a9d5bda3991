// How many proxy threads "auto" means. The kernel spreads connections over threads by SO_REUSEPORT, which only Linux
// does in the way that is needed; elsewhere there is one thread.

import { z } from "zod";
import type { Setting } from "./setting.ts";

/** More threads than this have no use for one proxy and cost memory each. */
const THREADS_MAX = 64;

/** The `threads` setting: `"auto"` or a number. */
export function threadCount(): Setting<number | "auto"> {
  return {
    schema: z.union([z.literal("auto"), z.int().min(1).max(THREADS_MAX)]),
    expected: `"auto" or an integer from 1 to ${THREADS_MAX}`,
    fallback: "auto",
    required: false,
    secret: false,
    inherits: null,
    fromEnvironment: (value) => (/^[0-9]+$/.test(value) ? Number(value) : value),
  };
}

/** The number that "auto" stands for: one processor is left to the main and the recorder thread. */
export function autoThreads(platform: NodeJS.Platform, processors: number): number {
  return platform === "linux" ? Math.min(THREADS_MAX, Math.max(1, processors - 1)) : 1;
}
