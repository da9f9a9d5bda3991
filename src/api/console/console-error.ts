// What the console refuses: an ErrorResponse with its SQLSTATE. Anything else that is thrown is a defect, or the disk.

import { printableLine } from "../../printable-line.ts";
import type { ErrorFields } from "../../proxy/protocol/encode.ts";
import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";

export class ConsoleError extends Error {
  readonly fields: ErrorFields;

  constructor(sqlstate: string, message: string, more: { readonly detail?: string; readonly hint?: string } = {}) {
    super(message);
    this.name = "ConsoleError";
    this.fields = { severity: "ERROR", sqlstate, message: printableLine(message), ...more };
  }
}

/** 42601, with what would have been right. */
export function syntaxError(message: string, hint = "SHOW HELP lists the commands."): ConsoleError {
  return new ConsoleError(Sqlstate.SyntaxError, message, { hint });
}
