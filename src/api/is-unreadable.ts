// Whether an error means that the log can't be read at the moment, rather than that something is wrong with the question or
// with pgsoak.

import { PgsoakError } from "../errors.ts";
import { BusyError, SilentLogError } from "./log-questions.ts";

export function isUnreadable(error: unknown): boolean {
  if (error instanceof BusyError || error instanceof SilentLogError) return true;
  return error instanceof PgsoakError && error.code.startsWith("log_");
}
