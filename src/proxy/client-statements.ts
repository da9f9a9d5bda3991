// The prepared statements of one session as its client sees them: what each name means, so that a mirror which does not
// know a name can be taught it before the Bind that needs it.

import type { PreparedStatement, PreparedUse } from "./mirror/prepared-use.ts";
import type { Statement } from "./statement-book.ts";

/** Bytes of Parse frames that are kept per session; statements beyond are known by name only. */
const BYTES_MAX = 16 << 20;
/** Names that are kept per session; beyond, the oldest is forgotten. */
const NAMES_MAX = 10_000;

export class ClientStatements {
  readonly #byName = new Map<string, PreparedStatement>();
  #bytes = 0;

  find(name: string): PreparedStatement | null {
    return this.#byName.get(name) ?? null;
  }

  /** The client parsed a statement. The primary's answer may take it back: see failed(). */
  parse(prepared: PreparedStatement): PreparedStatement {
    this.close(prepared.name);
    const size = prepared.frame?.length ?? 0;
    const kept = this.#bytes + size > BYTES_MAX ? { ...prepared, frame: null } : prepared;
    this.#bytes += kept.frame?.length ?? 0;
    this.#byName.set(kept.name, kept);
    if (this.#byName.size > NAMES_MAX) this.close(this.#byName.keys().next().value!);
    return kept;
  }

  close(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    this.#bytes -= known.frame?.length ?? 0;
    this.#byName.delete(name);
  }

  /** A simple Query does away with the unnamed statement (PostgreSQL 18 docs, 54.2.2.1). */
  query(): void {
    this.close("");
  }

  /** DEALLOCATE and DISCARD, once they have succeeded, do away with named ones. */
  executed(statement: Statement): void {
    for (const name of statement.class.deallocates) this.close(name);
    if (!statement.class.forgetsStatements) return;
    this.#byName.clear();
    this.#bytes = 0;
  }

  /** The primary answered a request after completing `parsed` of its Parse messages: later ones name nothing. */
  answered(uses: readonly PreparedUse[], parsed: number): void {
    let left = parsed;
    for (const use of uses) {
      if (use.kind !== "parse") continue;
      const { statement } = use;
      statement.isKnown = left-- > 0;
      if (statement.isKnown || this.#byName.get(statement.name) !== statement) continue;
      this.close(statement.name);
      // A Parse that was refused because the name was taken leaves the name as it was.
      if (use.previous !== null) this.parse(use.previous);
    }
  }
}
