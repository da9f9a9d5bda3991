// Finds the line of every key in a TOML document, which the parser doesn't tell. It reads documents that the parser has
// accepted already, so it looks for boundaries only and never judges.

import { parse } from "smol-toml";

/** Keys and array indexes from the document's root, as in `["databases", 0, "port"]`. */
export type KeyPath = readonly (string | number)[];

export class KeyPositions {
  readonly #lines = new Map<string, number>();

  /** Remembers the first line that names the path. */
  add(path: KeyPath, line: number): void {
    const id = JSON.stringify(path);
    if (!this.#lines.has(id)) this.#lines.set(id, line);
  }

  /** Whether the path itself is written in the document. */
  has(path: KeyPath): boolean {
    return this.#lines.has(JSON.stringify(path));
  }

  /** The line (from 1) of a key or, when it isn't written, of the nearest table around it. */
  lineOf(path: KeyPath): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }
}

export function scanKeyPositions(toml: string): KeyPositions {
  return new Scanner(toml).scan();
}

class Scanner {
  readonly #toml: string;
  readonly #positions = new KeyPositions();
  /** Entries so far of each array of tables, by path. */
  readonly #entries = new Map<string, number>();
  #at = 0;
  #line = 1;

  constructor(toml: string) {
    this.#toml = toml;
  }

  scan(): KeyPositions {
    let table: KeyPath = [];
    this.#skipBlank();
    while (this.#at < this.#toml.length) {
      if (this.#toml[this.#at] === "[") table = this.#readHeader();
      else this.#readPair(table);
      this.#skipBlank();
    }
    return this.#positions;
  }

  /** `[a.b]` or `[[a.b]]`: the path that the keys below it belong to. */
  #readHeader(): KeyPath {
    const brackets = this.#toml.startsWith("[[", this.#at) ? 2 : 1;
    this.#at += brackets;
    const keys = this.#readKey();
    this.#at += brackets;
    const path: (string | number)[] = [];
    for (const [index, key] of keys.entries()) {
      path.push(key);
      const id = JSON.stringify(path);
      this.#positions.add(path, this.#line);
      if (brackets === 2 && index === keys.length - 1) this.#entries.set(id, (this.#entries.get(id) ?? 0) + 1);
      const entries = this.#entries.get(id);
      if (entries !== undefined) path.push(entries - 1);
    }
    this.#positions.add(path, this.#line);
    return path;
  }

  #readPair(table: KeyPath): void {
    const line = this.#line;
    let path = table;
    for (const key of this.#readKey()) {
      path = [...path, key];
      this.#positions.add(path, line);
    }
    this.#at++; // the equals sign
    this.#skipBlank();
    this.#readValue(path);
  }

  /** Dotted key up to, not including, what ends it. */
  #readKey(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skipBlank();
      const from = this.#at;
      const isQuoted = this.#toml[from] === '"' || this.#toml[from] === "'";
      if (isQuoted) this.#skipString();
      else this.#skipUntil(/[^A-Za-z0-9_-]/g);
      const written = this.#toml.slice(from, this.#at);
      keys.push(isQuoted ? Object.keys(parse(`${written} = 0`))[0]! : written);
      this.#skipBlank();
      if (this.#toml[this.#at] !== ".") return keys;
      this.#at++;
    }
  }

  #readValue(path: KeyPath): void {
    const first = this.#toml[this.#at];
    if (first === '"' || first === "'") this.#skipString();
    else if (first === "[") this.#readItems("]", (index) => this.#readItem([...path, index]));
    else if (first === "{") this.#readItems("}", () => this.#readPair(path));
    else this.#skipUntil(/[,\]}\n#]/g);
  }

  #readItem(path: KeyPath): void {
    this.#positions.add(path, this.#line);
    this.#readValue(path);
  }

  #readItems(end: "]" | "}", readItem: (index: number) => void): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#toml[this.#at] !== end && this.#at < this.#toml.length) readItem(index);
      this.#skipBlank();
      if (this.#toml[this.#at++] !== ",") return;
    }
  }

  /** Spaces, line ends and comments. */
  #skipBlank(): void {
    while (this.#at < this.#toml.length) {
      const character = this.#toml[this.#at]!;
      if (character === "#") this.#skipUntil(/\n/g);
      else if (!" \t\r\n\uFEFF".includes(character)) return;
      else {
        if (character === "\n") this.#line++;
        this.#at++;
      }
    }
  }

  #skipUntil(end: RegExp): void {
    end.lastIndex = this.#at;
    this.#at = end.exec(this.#toml)?.index ?? this.#toml.length;
  }

  /** Any of the four kinds of string, its quotes included. */
  #skipString(): void {
    const quote = this.#toml[this.#at]!;
    const isLong = this.#toml.startsWith(quote.repeat(3), this.#at);
    const close = isLong ? quote.repeat(3) : quote;
    this.#at += close.length;
    while (this.#at < this.#toml.length && !this.#toml.startsWith(close, this.#at)) {
      if (this.#toml[this.#at] === "\\" && quote === '"') this.#at++;
      if (this.#toml[this.#at] === "\n") this.#line++;
      this.#at++;
    }
    this.#at += close.length;
    // A long string may end with one or two quotes of its own before the closing three.
    if (!isLong) return;
    for (let extra = 0; extra < 2 && this.#toml[this.#at] === quote; extra++) this.#at++;
  }
}
