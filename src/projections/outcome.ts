// What an outcome counts as, once for every projection.

import type { EventOf, Parity } from "../events/event.ts";
import type { ErrorType } from "./columns.ts";

/**
 * The parity that an outcome adds to, or null for none. An answer that failed on the mirror alone is `mirror_failed`;
 * a lost connection or a timeout compared nothing. Consequences of an earlier difference in the same transaction are
 * counted with their root.
 */
export function parityOf(event: EventOf<"mirrored"> | EventOf<"errored">): Parity | null {
  if (event.kind === "mirrored") return event.root === null ? event.parity : null;
  return event.category === "query" && event.attribution !== "cascade" ? "mirror_failed" : null;
}

/**
 * The error that an outcome adds to, or null for none. Of the drops only `buffer_full` says something about the mirror:
 * a session that ends, a shutdown or a crash is no error.
 */
export function errorTypeOf(event: EventOf<"errored"> | EventOf<"dropped">): ErrorType | null {
  if (event.kind === "errored") return event.category;
  return event.reason === "buffer_full" ? "buffer_full" : null;
}
