// The verdict as the admin console shows it: the text report, line by line.

import type { LogReader } from "../events/log-reader.ts";
import { readWindowBounds } from "../projections/log-extent.ts";
import type { Policy } from "../projections/readiness/policy.ts";
import { readFacts } from "../projections/readiness/read-facts.ts";
import { readinessText } from "../projections/readiness/readiness-text.ts";
import { readinessWindow } from "../projections/readiness/readiness-window.ts";
import { readiness } from "../projections/readiness/readiness.ts";

/** `nowUs` is the clock. Throws WindowError. */
export async function readConsoleReadiness(
  reader: LogReader,
  { window, policy, nowUs }: { readonly window: string; readonly policy: Policy; readonly nowUs: number },
): Promise<readonly string[]> {
  const bounds = readWindowBounds(reader, nowUs);
  const facts = await readFacts(reader, readinessWindow({ window }, bounds), {});
  return readinessText(readiness(facts, policy)).trimEnd().split("\n");
}
