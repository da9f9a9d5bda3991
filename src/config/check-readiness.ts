// What must hold for the windows that readiness is exported for.

import type { Config } from "./config.ts";
import { DURATION_EXPECTED, parseDuration } from "./duration.ts";
import type { Mistakes } from "./mistakes.ts";
import { shownValue } from "./shown-value.ts";

/** Each window is a set of series, computed on every scrape. */
const WINDOWS_MAX = 10;

export function checkReadiness({ readiness: { windows } }: Config, mistakes: Mistakes): void {
  const path = ["readiness", "windows"];
  if (windows.length > WINDOWS_MAX)
    mistakes.add(path, `expected at most ${WINDOWS_MAX} windows, got ${windows.length}`);
  for (const [index, window] of windows.entries()) {
    if (window !== "all" && parseDuration(window) === null) {
      mistakes.add([...path, index], `expected ${DURATION_EXPECTED}, or "all", got ${shownValue(window)}`);
    } else if (windows.indexOf(window) < index) {
      mistakes.add([...path, index], `"${window}" is in the list twice`);
    }
  }
}
