// What the messages of a request do to the session, in order: which prepared statements they define, use and forget, and
// which statements that change the session they run. Most requests do nothing of the kind but use a statement.

import type { PreparedStatement } from "./prepared-statement.ts";
import type { Statement } from "./statement-book.ts";

/** `step` counts the extended messages of the request before this one: it was done when the server completed more. */
export type SessionOp =
  | { readonly kind: "parse"; readonly step: number; readonly prepared: PreparedStatement }
  /** Bind or Describe. */
  | { readonly kind: "use"; readonly step: number; readonly name: string }
  | { readonly kind: "close"; readonly step: number; readonly name: string }
  /** Execute, of a statement that touches the session. */
  | { readonly kind: "execute"; readonly step: number; readonly prepared: PreparedStatement }
  /** A Query that touches the session, behind so many extended messages and Executes of the same request. */
  | {
      readonly kind: "query";
      readonly step: number;
      readonly executes: number;
      readonly statement: Statement;
      readonly defines: readonly PreparedStatement[];
    };

/** How far a server got with the messages of one request. */
export interface Progress {
  /** Extended messages that were completed. */
  readonly steps: number;
  /** Statements that were completed, those of Execute messages included. */
  readonly commands: number;
}

/** As many statements of the operation as were completed. */
export function statementsDone(op: SessionOp, { steps, commands }: Progress): number {
  if (op.kind === "query") return steps < op.step ? 0 : Math.max(0, commands - op.executes);
  return steps > op.step ? 1 : 0;
}
