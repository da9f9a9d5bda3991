// The errors of one statement by SQLSTATE, each with one message, which was redacted before it came to the log. A mirror
// can make up as many SQLSTATEs as it likes, so their number is bounded.

import { z } from "zod";
import type { EventOf } from "../events/event.ts";

/** SQLSTATEs that a statement keeps in one span; later ones count as OTHER. */
const CODES_MAX = 8;
const MESSAGE_CHARACTERS_MAX = 300;
const OTHER = "other";

export interface StatementError {
  readonly count: number;
  /** The first that was seen. */
  readonly message: string;
}

const rowsSchema = z.array(z.tuple([z.string(), z.number(), z.string()]));

export class StatementErrors {
  readonly #errors = new Map<string, StatementError>();

  /** An error that is not the server's has no SQLSTATE and counts under its category. */
  add({ sqlstate, category, message }: EventOf<"errored">): void {
    this.#add(sqlstate === "" ? category : sqlstate, 1, message);
  }

  /** Adds those of a span that comes behind this one. */
  merge(later: StatementErrors): void {
    for (const [code, { count, message }] of later.#errors) this.#add(code, count, message);
  }

  /** Adds encoded ones of a span that comes behind this one. */
  mergeEncoded(text: string): void {
    for (const [code, count, message] of rowsSchema.parse(JSON.parse(text))) this.#add(code, count, message);
  }

  /** JSON, in the order in which the codes were seen first. */
  encode(): string {
    return JSON.stringify([...this.#errors].map(([code, { count, message }]) => [code, count, message]));
  }

  /** By SQLSTATE, or by category where there is none. */
  byCode(): ReadonlyMap<string, StatementError> {
    return this.#errors;
  }

  #add(code: string, count: number, message: string): void {
    const known = this.#errors.get(code);
    if (known !== undefined) this.#errors.set(code, { count: known.count + count, message: known.message });
    else if (code !== OTHER && this.#errors.size >= CODES_MAX) this.#add(OTHER, count, message);
    else this.#errors.set(code, { count, message: message.slice(0, MESSAGE_CHARACTERS_MAX) });
  }
}
