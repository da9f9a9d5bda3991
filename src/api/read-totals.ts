// What the log has counted, for whoever has more to say than that and says the rest also without it.

import type { LogTotals } from "../projections/read-log-totals.ts";
import type { ApiContext } from "./api-context.ts";
import { isUnreadable } from "./is-unreadable.ts";

/** Null while the log can't be read. */
export async function readTotals({ questions }: ApiContext): Promise<LogTotals | null> {
  try {
    return await questions.ask({ kind: "totals" });
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}
