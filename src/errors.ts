// Errors are values with a stable code, thrown low and explained once at the edge:
// main maps them to exit codes, the API to problem documents.

/** Process exit codes, as in sysexits.h: usage 64, everything else 70, configuration 78. */
export const EXIT_USAGE = 64;
const EXIT_SOFTWARE = 70;
const EXIT_CONFIG = 78;

export type ErrorCode =
  | "config_invalid"
  | "usage"
  | "address_in_use"
  | "log_locked"
  | "log_unusable"
  | "log_newer"
  | "log_damaged"
  | "log_missing"
  | "rebuilding"
  | "unsupported_runtime"
  | "unavailable";

/** An error with a message meant for the operator; `code` never changes, the words may. */
export class PgsoakError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PgsoakError";
    this.code = code;
  }
}

/** The exit code that an error of this kind ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PgsoakError)) return EXIT_SOFTWARE;
  if (error.code === "usage") return EXIT_USAGE;
  if (error.code === "config_invalid") return EXIT_CONFIG;
  return EXIT_SOFTWARE;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
