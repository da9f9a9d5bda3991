// The words, brackets and other signs of a statement's text, one after the other, without white space and comments.

import { TOKEN_BLANK, TOKEN_LITERAL, TOKEN_WORD, tokenEnd, tokenKind } from "./statement-key.ts";

/** What a literal reads as, whatever it holds. */
export const LITERAL = "'";

export class Tokens {
  /** A word in lower case, a "quoted" name as it stands, a sign, LITERAL, or "" at the end. */
  text = "";
  /** The token before this one, and the one before that. */
  previous = "";
  before = "";
  /** Brackets that are open around this token; a bracket itself is outside. */
  depth = 0;
  /** Depth of the set_config call that is being read, -1 outside. */
  configDepth = -1;
  /** In CREATE FUNCTION or PROCEDURE, whose BEGIN ATOMIC … END holds semicolons. */
  inRoutine = false;
  #blocks = 0;
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #backslashes: boolean;
  #at: number;
  #start = 0;

  constructor(buffer: Buffer, start: number, end: number, backslashes: boolean) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
    this.#backslashes = backslashes;
    this.next();
  }

  /** At the semicolon that ends the statement, or at the end of the text. */
  get ended(): boolean {
    return this.text === "" || (this.text === ";" && this.depth === 0 && this.#blocks === 0);
  }

  /** A name as PostgreSQL understands it: a quoted one without its quotes. */
  get name(): string {
    return this.text.startsWith('"') ? this.text.slice(1, -1).replaceAll('""', '"') : this.text;
  }

  /** Where this token begins; behind the last one the end of the text. */
  get start(): number {
    return this.text === "" ? this.#end : this.#start;
  }

  /** Goes on when this token is `text`. */
  take(text: string): boolean {
    if (this.text !== text) return false;
    this.next();
    return true;
  }

  next(): void {
    if (this.text === "(") this.depth++;
    this.before = this.previous;
    this.previous = this.text;
    this.text = this.#read();
    if (this.text === ")" && this.depth > 0) this.depth--;
    if (this.inRoutine) this.#followBlocks();
  }

  /** As psql does it: CASE has an END too. */
  #followBlocks(): void {
    if (this.text === "atomic" && this.previous === "begin") this.#blocks++;
    else if (this.text === "case" && this.#blocks > 0) this.#blocks++;
    else if (this.text === "end" && this.#blocks > 0) this.#blocks--;
    else if (this.ended) this.inRoutine = false;
  }

  #read(): string {
    while (this.#at < this.#end) {
      const at = this.#at;
      this.#at = tokenEnd(this.#buffer, at, this.#end, this.#backslashes);
      const kind = tokenKind(this.#buffer, at, this.#at);
      if (kind === TOKEN_BLANK) continue;
      this.#start = at;
      if (kind === TOKEN_LITERAL) return LITERAL;
      const text = this.#buffer.toString("latin1", at, this.#at);
      return kind === TOKEN_WORD ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
    }
    return "";
  }
}
