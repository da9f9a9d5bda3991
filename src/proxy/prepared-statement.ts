// A statement that a client has prepared, with Parse or with PREPARE, as it can be prepared again on a mirror.

import type { Statement } from "./statement-book.ts";

export interface PreparedStatement {
  /** A wire string; "" is the unnamed statement. */
  readonly name: string;
  /** Whether `frame` is a Parse, which can stand before other extended messages, or a Query. */
  readonly by: "parse" | "query";
  /** Counts the statements of the session: a name that was prepared anew means another. */
  readonly id: number;
  /** The whole frame that prepares it; null when it was too large to keep. */
  readonly frame: Buffer | null;
  readonly statement: Statement;
  /** What executing it prepares in turn: it is a PREPARE itself. */
  readonly defines: readonly PreparedStatement[];
}
