// The temporary tables and held cursors of one session, by name. A statement that mentions one of them depends on what
// the session did before, as a SET does, and must not be sampled out.

import type { Statement } from "./statement-book.ts";

/** Beyond, every statement of the session is taken for one that mentions some. */
const NAMES_MAX = 64;
/** Answers that are remembered. */
const STATEMENTS_MAX = 1000;

export class SessionObjects {
  readonly #names = new Set<string>();
  readonly #mentions = new Map<Statement, boolean>();

  /** Names that a statement of the client is about to make. */
  add(names: readonly string[]): void {
    for (const wire of names) {
      const name = Buffer.from(wire, "latin1").toString("utf8").toLowerCase();
      if (name === "" || this.#names.has(name) || this.#names.size > NAMES_MAX) continue;
      this.#names.add(name);
      this.#mentions.clear();
    }
  }

  /** DISCARD ALL. */
  clear(): void {
    this.#names.clear();
    this.#mentions.clear();
  }

  /** Whether the statement's text has one of the names in it, if only as a part of another word. */
  mentions(statement: Statement): boolean {
    if (this.#names.size === 0) return false;
    if (this.#names.size > NAMES_MAX) return true;
    const known = this.#mentions.get(statement);
    if (known !== undefined) return known;
    const text = statement.text.toLowerCase();
    const found = statement.class.movesCursor || [...this.#names].some((name) => text.includes(name));
    if (this.#mentions.size >= STATEMENTS_MAX) this.#mentions.clear();
    this.#mentions.set(statement, found);
    return found;
  }
}
