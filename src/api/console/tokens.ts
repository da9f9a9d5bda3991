// Cuts the text of a query into statements, and each of them into words, as far as the console needs it: comments are
// left out, `'it''s'` is one string, `"a name"` one name.

import { syntaxError } from "./console-error.ts";

export interface Token {
  readonly kind: "word" | "string" | "name" | "number" | "symbol";
  /** Without quotes. */
  readonly text: string;
  /** In capitals for a word, "" for what is quoted: a string is never taken for a word of a command. */
  readonly upper: string;
}

/** Spaces and comments, a string, a name, a number, a word, anything else. */
const PATTERN =
  /(?:\s+|--[^\n]*|\/\*[^]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*")|(?<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$.-]*)|(?<symbol>[^'"])/uy;

/** The statements of a query; one without any token is left out. Throws 42601 for a quote that isn't closed. */
export function tokenize(text: string): Token[][] {
  const statements: Token[][] = [];
  let statement: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const groups = PATTERN.exec(text)?.groups;
    if (groups === undefined) throw syntaxError("unterminated quoted string");
    const token = tokenOf(groups);
    if (token === null) continue;
    if (token.kind !== "symbol" || token.text !== ";") {
      statement.push(token);
    } else if (statement.length > 0) {
      statements.push(statement);
      statement = [];
    }
  }
  if (statement.length > 0) statements.push(statement);
  return statements;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token | null {
  const { string, name, number, word, symbol } = groups;
  if (string !== undefined) return { kind: "string", text: string.slice(1, -1).replaceAll("''", "'"), upper: "" };
  if (name !== undefined) return { kind: "name", text: name.slice(1, -1).replaceAll('""', '"'), upper: "" };
  if (number !== undefined) return { kind: "number", text: number, upper: number };
  if (word !== undefined) return { kind: "word", text: word, upper: word.toUpperCase() };
  if (symbol !== undefined) return { kind: "symbol", text: symbol, upper: symbol };
  return null;
}
