// A thread's memory of the statements it has seen: what each is called in the log and how it must be treated, found by
// the literal-skipping key, so that a statement is classified and announced once and not at every execution.

import { STATEMENT_TEXT_MAX } from "../events/recorder-messages.ts";
import { classify } from "./classify.ts";
import type { Recording } from "./recording.ts";
import type { StatementClass } from "./statement-class.ts";
import { statementKey } from "./statement-key.ts";

/** Statements that one thread remembers; later ones are classified each time and named by none. */
const STATEMENTS_MAX = 20_000;
/** Longer statements are known by this beginning. */
export const STATEMENT_BYTES_MAX = 65_536;

export interface Statement {
  /** The thread's id for events; 0 = has none. */
  readonly id: number;
  readonly class: StatementClass;
  /** Its beginning, with its literals: never to be kept or shown as it is. */
  readonly text: string;
  /** Whether the statement filters of a mirroring let it through, by the filter's slot, once asked. */
  readonly matches: (boolean | undefined)[];
}

export class StatementBook {
  readonly #recording: Recording;
  readonly #statements = new Map<number, Statement>();

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** The statements that events name. */
  values(): Iterable<Statement> {
    return this.#statements.values();
  }

  /** The statement whose text is `buffer[start, end)`. */
  find(buffer: Buffer, start: number, end: number, standardConformingStrings: boolean): Statement {
    const stop = Math.min(end, start + STATEMENT_BYTES_MAX);
    const key = statementKey(buffer, start, stop, standardConformingStrings);
    const known = this.#statements.get(key);
    if (known !== undefined) return known;
    const full = this.#statements.size >= STATEMENTS_MAX;
    const text = buffer.toString("utf8", start, Math.min(stop, start + STATEMENT_TEXT_MAX));
    const statement = {
      id: full ? 0 : this.#recording.announceStatement(text),
      class: classify(buffer, start, stop, standardConformingStrings),
      text,
      matches: [],
    };
    if (!full) this.#statements.set(key, statement);
    return statement;
  }
}
