// What a request does with one prepared statement, in the order in which it does it.

import type { Statement } from "../statement-book.ts";

/** A statement as the client prepared it. `frame` is the whole Parse frame, or null when it was too large to keep. */
export interface PreparedStatement {
  readonly name: string;
  readonly frame: Buffer | null;
  readonly statement: Statement | null;
  /** Whether the primary prepared it; null until it has said so. */
  isKnown: boolean | null;
}

export type PreparedUse =
  /** Parse: the name means this statement from here on. */
  | {
      readonly kind: "parse";
      readonly statement: PreparedStatement;
      /** What the name meant to the client before: then a Parse is an error. Null for the unnamed statement. */
      readonly previous: PreparedStatement | null;
    }
  /** Bind or Describe: the statement must be known. `statement` is what the client means by the name, if it knows it. */
  | { readonly kind: "use"; readonly name: string; readonly statement: PreparedStatement | null }
  | { readonly kind: "close"; readonly name: string };
