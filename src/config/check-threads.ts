// More than one proxy thread needs a system that spreads the connections of one port over several listeners.

import { platform } from "node:os";
import type { Config } from "./config.ts";
import type { Mistakes } from "./mistakes.ts";

export function checkThreads({ general }: Config, mistakes: Mistakes): void {
  if (general.threads === 1 || platform() === "linux") return;
  mistakes.add(["general", "threads"], `expected 1: more than one thread needs Linux, got ${general.threads}`);
}
