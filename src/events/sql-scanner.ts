// Cuts SQL text into tokens as PostgreSQL's lexer does (PostgreSQL 18 docs, 4.1), for one purpose: knowing where the
// literals are. It accepts anything; what is cut off or malformed counts as a literal to the end.

type TokenType = "space" | "word" | "quoted" | "parameter" | "symbol" | "string" | "number";

export interface Token {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const PARAMETER = /\$[0-9]+/y;
/** Greedy on purpose: what touches a number is no word of its own (`1and`, `0x1F`, `1_000`, `1e-5`). */
const NUMBER = /\.?[0-9](?:[eE][+-][0-9]|[A-Za-z0-9_.\u0080-\uffff])*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const QUOTED = /"(?:[^"]|"")*("?)/y;
const STRING_PREFIX = /(?:[uU]&|[eEbBxXnN])?'/y;
/** Strings go on behind white space with a line end in it; comments count as white space there. */
const CONTINUATION = /(?:[ \t\f\v]|--[^\n\r]*(?=[\n\r]))*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*(?=[\n\r]))*'/y;
const COMMENT_EDGE = /\/\*|\*\//g;

/**
 * The tokens of `sql` without gaps. `backslashEscapes` is the reading of a session with standard_conforming_strings off;
 * E'' strings have escapes in either.
 */
export function scanSql(sql: string, backslashEscapes: boolean): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < sql.length;) {
    const token = nextToken(sql, start, backslashEscapes);
    tokens.push(token);
    start = token.end;
  }
  return tokens;
}

function nextToken(sql: string, start: number, backslashEscapes: boolean): Token {
  const prefix = matchEnd(STRING_PREFIX, sql, start);
  if (prefix > start) {
    const escapes = backslashEscapes || sql[start] === "e" || sql[start] === "E";
    return { type: "string", start, end: endOfString(sql, prefix, escapes) };
  }
  const tag = matchEnd(DOLLAR_TAG, sql, start);
  if (tag > start) {
    const close = sql.indexOf(sql.slice(start, tag), tag);
    return { type: "string", start, end: close < 0 ? sql.length : close + tag - start };
  }
  const comment = endOfComment(sql, start);
  if (comment > start) return { type: "space", start, end: comment };
  for (const [type, pattern] of SIMPLE) {
    const end = matchEnd(pattern, sql, start);
    if (end > start) return { type, start, end };
  }
  if (sql[start] === '"') return quoted(sql, start);
  return { type: "symbol", start, end: start + 1 };
}

const SIMPLE: readonly (readonly [TokenType, RegExp])[] = [
  ["space", SPACE],
  ["word", WORD],
  ["number", NUMBER],
  ["parameter", PARAMETER],
];

/** Where the match that begins exactly at `start` ends; `start` when there is none. */
function matchEnd(pattern: RegExp, sql: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(sql) ? pattern.lastIndex : start;
}

/** An identifier in double quotes; one that never ends is taken for a literal. */
function quoted(sql: string, start: number): Token {
  QUOTED.lastIndex = start;
  const isClosed = QUOTED.exec(sql)?.[1] === '"';
  return { type: isClosed ? "quoted" : "string", start, end: QUOTED.lastIndex };
}

function endOfComment(sql: string, start: number): number {
  const line = matchEnd(LINE_COMMENT, sql, start);
  if (line > start || !sql.startsWith("/*", start)) return line;
  COMMENT_EDGE.lastIndex = start;
  for (let depth = 0, edge = COMMENT_EDGE.exec(sql); edge !== null; edge = COMMENT_EDGE.exec(sql)) {
    depth += edge[0] === "/*" ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  return sql.length;
}

/** `start` is behind the opening quote. */
function endOfString(sql: string, start: number, escapes: boolean): number {
  for (let at = start; at < sql.length; at++) {
    if (escapes && sql[at] === "\\") at++;
    else if (sql[at] === "'") {
      if (sql[at + 1] === "'") at++;
      else {
        const next = matchEnd(CONTINUATION, sql, at + 1);
        if (next === at + 1) return next;
        at = next - 1;
      }
    }
  }
  return sql.length;
}
