// A request on its way to the mirrors.

import type { Request } from "../request.ts";

/** A request with the bytes that have come of it so far. */
export interface Announced {
  readonly request: Request;
  readonly chunks: readonly Buffer[];
  /** Length of the chunks together. */
  readonly bytes: number;
}
