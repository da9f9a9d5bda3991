// A number for a statement's text that stays the same when literals, comments, white space or the case of keywords
// change. It is computed for every Query and Parse, so it reads each byte once and allocates nothing. What a token is
// follows PostgreSQL's scan.l; tokenEnd() and tokenKind() serve classify.ts too.

/** White space or a comment. */
export const TOKEN_BLANK = 0;
/** An identifier or keyword without quotes. */
export const TOKEN_WORD = 1;
/** A "quoted" identifier or a $1: its bytes are what it is. */
const TOKEN_NAME = 2;
/** A string of any kind or a number. */
export const TOKEN_LITERAL = 3;
/** One byte of an operator or a bracket. */
export const TOKEN_SIGN = 4;

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const DASH = 0x2d;
const SLASH = 0x2f;
const STAR = 0x2a;
const DOT = 0x2e;
const PLUS = 0x2b;
const AMPERSAND = 0x26;
const UNDERSCORE = 0x5f;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

const LEX_SIGN = 0;
const LEX_SPACE = 1;
const LEX_WORD = 2;
const LEX_DIGIT = 3;
const LEX_STRING = 4;
const LEX_QUOTED = 5;
const LEX_DOLLAR = 6;
const LEX_DASH = 7;
const LEX_SLASH = 8;
const LEX_DOT = 9;

/** First byte of a token → LEX_…; every byte ≥ 0x80 may be part of a word. */
const LEX_KIND: Uint8Array = new Uint8Array(256);
/** Byte of a word → the same byte in lower case; 0 = no word has it. */
const WORD_BYTE: Uint8Array = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const upper = byte >= 0x41 && byte <= 0x5a;
  const letter = upper || (byte >= 0x61 && byte <= 0x7a) || byte === UNDERSCORE || byte >= 0x80;
  const digit = byte >= 0x30 && byte <= 0x39;
  if (letter || digit || byte === DOLLAR) WORD_BYTE[byte] = upper ? byte | 0x20 : byte;
  if (letter) LEX_KIND[byte] = LEX_WORD;
  else if (digit) LEX_KIND[byte] = LEX_DIGIT;
  else if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) LEX_KIND[byte] = LEX_SPACE;
}
LEX_KIND[QUOTE] = LEX_STRING;
LEX_KIND[DOUBLE_QUOTE] = LEX_QUOTED;
LEX_KIND[DOLLAR] = LEX_DOLLAR;
LEX_KIND[DASH] = LEX_DASH;
LEX_KIND[SLASH] = LEX_SLASH;
LEX_KIND[DOT] = LEX_DOT;

// Two FNV-1a lanes with different primes. What is mixed in beside the text are values that no byte has.
const PRIME_LOW = 0x01000193;
const PRIME_HIGH = 0x85ebca6b | 0;
const MARK_LITERAL = 0x100;
const MARK_NAME_END = 0x101;
const HIGH_LANE = 2 ** 32;
const HIGH_MASK = 0x1fffff;

/**
 * The key of the statement `buffer[start, end)`: an integer in [0, 2^53). Constructs that are not closed end at `end`.
 * Blanks inside of operators are not seen (`< -` is `<-`), and lists of different lengths have different keys.
 */
export function statementKey(buffer: Buffer, start: number, end: number, standardConformingStrings: boolean): number {
  const backslashes = !standardConformingStrings;
  let low = 0x811c9dc5 | 0;
  let high = 0x9747b28c | 0;
  let at = start;
  while (at < end) {
    const byte = buffer[at]!;
    const lex = LEX_KIND[byte]!;
    let mark = byte;
    if (lex === LEX_SPACE) {
      at++;
      continue;
    }
    if (lex === LEX_SIGN) at++;
    else if (lex === LEX_WORD && !isStringPrefix(buffer, at, end)) {
      let folded = WORD_BYTE[byte]!;
      do {
        low = Math.imul(low ^ folded, PRIME_LOW);
        high = Math.imul(high ^ folded, PRIME_HIGH);
        at++;
        folded = at < end ? WORD_BYTE[buffer[at]!]! : 0;
      } while (folded !== 0);
      mark = MARK_NAME_END;
    } else {
      const stop = tokenEnd(buffer, at, end, backslashes);
      const kind = tokenKind(buffer, at, stop);
      if (kind === TOKEN_LITERAL) mark = MARK_LITERAL;
      else if (kind === TOKEN_NAME) {
        for (; at < stop; at++) {
          low = Math.imul(low ^ buffer[at]!, PRIME_LOW);
          high = Math.imul(high ^ buffer[at]!, PRIME_HIGH);
        }
        mark = MARK_NAME_END;
      }
      at = stop;
      if (kind === TOKEN_BLANK) continue;
    }
    low = Math.imul(low ^ mark, PRIME_LOW);
    high = Math.imul(high ^ mark, PRIME_HIGH);
  }
  return (avalanche(high) & HIGH_MASK) * HIGH_LANE + (avalanche(low) >>> 0);
}

/** Where the token that begins at `at` ends. `backslashes`: whether a plain string has escapes. */
export function tokenEnd(buffer: Buffer, at: number, end: number, backslashes: boolean): number {
  switch (LEX_KIND[buffer[at]!]) {
    case LEX_WORD:
      return isStringPrefix(buffer, at, end) ? skipString(buffer, at, end, backslashes) : skipWord(buffer, at, end);
    case LEX_DIGIT:
      return skipNumber(buffer, at, end);
    case LEX_STRING:
      return skipString(buffer, at, end, backslashes);
    case LEX_QUOTED:
      return skipQuoted(buffer, at, end);
    case LEX_DOLLAR:
      return skipDollar(buffer, at, end);
    case LEX_DASH:
    case LEX_SLASH:
      return skipComment(buffer, at, end);
    case LEX_DOT:
      return isDigit(buffer, at + 1, end) ? skipNumber(buffer, at, end) : at + 1;
    default:
      return at + 1;
  }
}

/** What the token `buffer[at, stop)` is, `stop` being its tokenEnd(). */
export function tokenKind(buffer: Buffer, at: number, stop: number): number {
  switch (LEX_KIND[buffer[at]!]) {
    case LEX_SPACE:
      return TOKEN_BLANK;
    case LEX_WORD:
      return isStringPrefix(buffer, at, stop) ? TOKEN_LITERAL : TOKEN_WORD;
    case LEX_DIGIT:
    case LEX_STRING:
      return TOKEN_LITERAL;
    case LEX_QUOTED:
      return TOKEN_NAME;
    case LEX_DOLLAR:
      return isDigit(buffer, at + 1, stop) ? TOKEN_NAME : stop > at + 1 ? TOKEN_LITERAL : TOKEN_SIGN;
    case LEX_DASH:
    case LEX_SLASH:
      return stop > at + 1 ? TOKEN_BLANK : TOKEN_SIGN;
    case LEX_DOT:
      return stop > at + 1 ? TOKEN_LITERAL : TOKEN_SIGN;
    default:
      return TOKEN_SIGN;
  }
}

/** Whether E'…', B'…', X'…', N'…' or U&'…' begins at `at`, where a word does. */
function isStringPrefix(buffer: Buffer, at: number, end: number): boolean {
  const next = at + 1 < end ? buffer[at + 1]! : 0;
  if (next !== QUOTE && next !== AMPERSAND) return false;
  const letter = WORD_BYTE[buffer[at]!]!;
  if (next === AMPERSAND) return letter === 0x75 && at + 2 < end && buffer[at + 2] === QUOTE;
  return letter === 0x65 || letter === 0x62 || letter === 0x78 || letter === 0x6e;
}

/** Skips a string with its prefix, if it has one. `backslashes`: whether an unprefixed string has escapes. */
function skipString(buffer: Buffer, at: number, end: number, backslashes: boolean): number {
  const prefix = buffer[at]!;
  if (prefix !== QUOTE) {
    backslashes = WORD_BYTE[prefix] === 0x65 || (WORD_BYTE[prefix] === 0x6e && backslashes);
    while (buffer[at] !== QUOTE) at++;
  }
  at++;
  while (at < end) {
    const byte = buffer[at++]!;
    if (byte === BACKSLASH && backslashes) at++;
    if (byte !== QUOTE) continue;
    if (at < end && buffer[at] === QUOTE) at++;
    else {
      const next = continuation(buffer, at, end);
      if (next < 0) return at;
      at = next;
    }
  }
  return end;
}

/** 'a' ⏎ 'b' is one string: where the second part's content begins, or -1. */
function continuation(buffer: Buffer, at: number, end: number): number {
  let newline = false;
  for (; at < end && LEX_KIND[buffer[at]!] === LEX_SPACE; at++) newline ||= isNewline(buffer[at]!);
  return newline && at < end && buffer[at] === QUOTE ? at + 1 : -1;
}

/** Skips a "quoted" identifier. */
function skipQuoted(buffer: Buffer, at: number, end: number): number {
  at++;
  while (at < end) {
    if (buffer[at++] !== DOUBLE_QUOTE) continue;
    if (at >= end || buffer[at] !== DOUBLE_QUOTE) return at;
    at++;
  }
  return end;
}

/** Skips $tag$…$tag$, or $1, or a lone $. */
function skipDollar(buffer: Buffer, at: number, end: number): number {
  let open = at + 1;
  if (isDigit(buffer, open, end)) {
    while (isDigit(buffer, open, end)) open++;
    return open;
  }
  while (open < end && buffer[open] !== DOLLAR && WORD_BYTE[buffer[open]!] !== 0) open++;
  if (open >= end || buffer[open] !== DOLLAR) return at + 1;
  const tagBytes = open + 1 - at;
  for (let close = open + 1; close + tagBytes <= end; close++) {
    if (buffer[close] !== DOLLAR) continue;
    let same = 1;
    while (same < tagBytes && buffer[close + same] === buffer[at + same]) same++;
    if (same === tagBytes) return close + tagBytes;
    close += same - 1;
  }
  return end;
}

/** Skips -- to the end of the line, or a block comment with those inside it, or the sign that begins neither. */
function skipComment(buffer: Buffer, at: number, end: number): number {
  const next = at + 1 < end ? buffer[at + 1] : 0;
  if (buffer[at] === DASH && next === DASH) {
    while (at < end && !isNewline(buffer[at]!)) at++;
    return at;
  }
  if (buffer[at] !== SLASH || next !== STAR) return at + 1;
  let depth = 1;
  at += 2;
  while (at < end && depth > 0) {
    const byte = buffer[at++];
    const follows = at < end ? buffer[at] : 0;
    if (byte === STAR && follows === SLASH) depth--;
    else if (byte === SLASH && follows === STAR) depth++;
    else continue;
    at++;
  }
  return at;
}

function skipWord(buffer: Buffer, at: number, end: number): number {
  while (at < end && WORD_BYTE[buffer[at]!] !== 0) at++;
  return at;
}

/** Skips 12, 1_000, 0x1F, 1.5, .5, 1e-5; begins at a digit, or at a point that one follows. */
function skipNumber(buffer: Buffer, at: number, end: number): number {
  const radix = buffer[at] === 0x30 && at + 2 < end ? WORD_BYTE[buffer[at + 1]!] : 0;
  if ((radix === 0x78 || radix === 0x6f || radix === 0x62) && isHexDigit(buffer[at + 2]!)) {
    at += 2;
    while (at < end && (isHexDigit(buffer[at]!) || buffer[at] === UNDERSCORE)) at++;
    return at;
  }
  at = skipDigits(buffer, at, end);
  if (at < end && buffer[at] === DOT && !(at + 1 < end && buffer[at + 1] === DOT)) at = skipDigits(buffer, at + 1, end);
  if (at < end && WORD_BYTE[buffer[at]!] === 0x65) {
    const sign = at + 1 < end && (buffer[at + 1] === PLUS || buffer[at + 1] === DASH) ? 1 : 0;
    const digits = at + 1 + sign;
    if (isDigit(buffer, digits, end)) at = skipDigits(buffer, digits, end);
  }
  return at;
}

function skipDigits(buffer: Buffer, at: number, end: number): number {
  while (at < end && (isDigit(buffer, at, end) || buffer[at] === UNDERSCORE)) at++;
  return at;
}

function isDigit(buffer: Buffer, at: number, end: number): boolean {
  return at < end && LEX_KIND[buffer[at]!] === LEX_DIGIT;
}

function isHexDigit(byte: number): boolean {
  const folded = WORD_BYTE[byte]!;
  return (folded >= 0x30 && folded <= 0x39) || (folded >= 0x61 && folded <= 0x66);
}

function isNewline(byte: number): boolean {
  return byte === NEWLINE || byte === RETURN;
}

/** Spreads every bit over the word (the finaliser of MurmurHash3). */
function avalanche(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
