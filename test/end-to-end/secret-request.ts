// A request with secrets in it. It is known by its normalised text, which must be in the log: what was never mirrored
// could not give anything away.

import { query } from "../helpers/messages.ts";

export interface SecretRequest {
  /** What the log must have of it; null where nothing can be said. */
  readonly kept: string | null;
  readonly messages: readonly Buffer[];
}

/** One simple Query. */
export const simple = (sql: string, kept: string | null): SecretRequest => ({ kept, messages: [query(sql)] });
