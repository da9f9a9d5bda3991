import * as fc from "fast-check";
import { loadModule, scanSync, type ScanToken } from "libpg-query";
import { beforeAll, describe, expect, test } from "vitest";
import { statementKey, TOKEN_BLANK, TOKEN_SIGN, tokenEnd, tokenKind } from "../../src/proxy/statement-key.ts";

function keyOf(text: string, standardConformingStrings = true): number {
  const bytes = Buffer.from(text);
  return statementKey(bytes, 0, bytes.length, standardConformingStrings);
}

describe("statementKey", () => {
  test.each([
    ["numbers", "SELECT 1", ["SELECT 22", "SELECT 1.5", "SELECT .5", "SELECT 5.", "SELECT 1e5", "SELECT 1.5E-3"]],
    ["numbers in other notations", "SELECT 1", ["SELECT 0x1F", "SELECT 0b101", "SELECT 0o17", "SELECT 1_000"]],
    ["strings", "SELECT 1", ["SELECT ''", "SELECT 'it''s'", "SELECT '-- no'", "SELECT '/*'", "SELECT '$$'"]],
    [
      "strings with prefixes",
      "SELECT ''",
      ["SELECT E'\\'x'", "SELECT b'01'", "SELECT X'1F'", "SELECT n'x'", "SELECT U&'x'"],
    ],
    ["dollar quotes", "SELECT ''", ["SELECT $$ it's $$", "SELECT $a$ $$ $b$ $a $a$", "SELECT $ü_1$x$ü_1$"]],
    ["strings over several lines", "SELECT 'a'", ["SELECT 'a'\n  'b'", "SELECT E'a'\r\n'\\''"]],
    ["white space", "SELECT a+b", ["SELECT\ta + b", "  SELECT\r\n a\f+\vb  "]],
    ["comments", "SELECT a", ["SELECT -- it's\n a", "/* a /* b */ ' */ SELECT a --", "SELECT/**/a"]],
    ["case", "SELECT a FROM t", ["select A from T", "Select a From t"]],
  ])("does not change with %s", (_name, text, others) => {
    for (const other of others) expect([other, keyOf(other)]).toEqual([other, keyOf(text)]);
  });

  test.each([
    ["SELECT a", "SELECT b"],
    ["SELECT a", "DELETE a"],
    ["SELECT ab c", "SELECT a bc"],
    ['SELECT "a"', 'SELECT "A"'],
    ['SELECT "a"', "SELECT a"],
    ['SELECT "a b"', 'SELECT "a  b"'],
    ["SELECT $1", "SELECT $2"],
    ["SELECT $1", "SELECT 1"],
    ["SELECT é", "SELECT è"],
    ["a < b", "a > b"],
    ["a - b", "a -- b"],
    ["SELECT type'x'", "SELECT typ e'x'"],
    ["SELECT a1", "SELECT a2"],
    ["SELECT a$1", "SELECT a $1"],
  ])("tells %j from %j", (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  test("a backslash is an escape only where the server takes it for one", () => {
    expect(keyOf("SELECT 'a\\', b", true)).not.toBe(keyOf("SELECT 'a\\', b", false));
    expect(keyOf("SELECT 'a\\', b'", false)).toBe(keyOf("SELECT 'x'", false));
    expect(keyOf("SELECT 'a\\', b", true)).toBe(keyOf("SELECT 'x', b", true));
  });

  test.each([
    "SELECT 'a",
    "SELECT E'a\\",
    'SELECT "a',
    "SELECT $a$ b",
    "SELECT /* a",
    "SELECT --",
    "SELECT U&",
    "$",
    "0x",
    "1e+",
  ])("%j ends where the text ends", (text) => {
    const padded = Buffer.from(`${text}' "more" $a$ */`);
    expect(statementKey(padded, 0, Buffer.byteLength(text), true)).toBe(keyOf(text));
  });

  test("replacing literals, blanks and case never changes it; replacing a word does", () => {
    const literal = fc.constantFrom(
      "1",
      "2.5e-7",
      "0xFF",
      "''",
      "'it''s'",
      "E'\\''",
      "$$a'b$$",
      "$x$y$x$",
      "U&'d'",
      "'a'\n'b'",
    );
    const blank = fc.constantFrom(" ", "\n\t", "/* ' */", " -- $$\n", "/*/**/*/");
    const word = fc.stringMatching(/^[a-z_é][a-z0-9_$é]{0,9}$/);
    const fixed = fc.oneof(word, fc.constantFrom('"a""B"', "(", ")", ",", "=", "<", "::", "*", "$1", "$22", "."));
    const token = fc.oneof({ weight: 3, arbitrary: fixed }, { weight: 1, arbitrary: fc.constant(null) });
    const draw = fc.tuple(literal, blank, fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.tuple(token, draw, draw), { minLength: 1, maxLength: 12 }), word, (parts, other) => {
        const render = (which: 1 | 2): string =>
          parts
            .map((part) => {
              const [text, blanks, upper] = part[which];
              const shown = part[0] ?? `${text},`;
              return /^[a-z_]+$/.test(shown) && upper ? shown.toUpperCase() + blanks : shown + blanks;
            })
            .join("");
        expect(keyOf(render(1))).toBe(keyOf(render(2)));
        const at = parts.findIndex(([text]) => text !== null && /^[a-z_é]/.test(text) && text !== other);
        fc.pre(at >= 0);
        const changed = parts.with(at, [other, parts[at]![1], parts[at]![2]]);
        const text = changed.map(([fix, [drawn, blanks]]) => (fix ?? `${drawn},`) + blanks).join("");
        expect(keyOf(text)).not.toBe(keyOf(render(1)));
      }),
      { numRuns: 500 },
    );
  });

  test("any bytes have a key of 53 bits, which the bytes around them don't change", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .string({ unit: fc.constantFrom(..."'\"$-/*\\EU&a1. \n".split("")), maxLength: 30 })
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.boolean(), (body, before, after, conforming) => {
        const inside = Buffer.concat([before, body, after]);
        const key = statementKey(inside, before.length, before.length + body.length, conforming);
        expect(key).toBe(statementKey(Buffer.from(body), 0, body.length, conforming));
        expect(Number.isSafeInteger(key) && key >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a hundred thousand statements have as many keys", () => {
    const keys = new Set<number>();
    for (let n = 0; n < 100_000; n++) keys.add(keyOf(`SELECT c${n % 317} FROM t_${n} WHERE k${n % 29} = $1`));
    expect(keys.size).toBe(100_000);
  });
});

/** Where PostgreSQL's own scanner sees words, names and literals; null when it refuses the text. */
function scanned(text: string): string[] | null {
  let tokens: ScanToken[];
  try {
    ({ tokens } = scanSync(text));
  } catch {
    return null;
  }
  const ranges: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.tokenName.endsWith("COMMENT") || /^[^\w"'$\u0080-\uffff.]|^[.$]$/.test(token.text)) continue;
    // It reads N'…' as two tokens.
    const national = /^n$/i.test(tokens[index - 1]?.text ?? "") && tokens[index - 1]!.end === token.start;
    if (national && token.text.startsWith("'")) ranges.pop();
    ranges.push(`${national && token.text.startsWith("'") ? token.start - 1 : token.start}-${token.end}`);
  }
  return ranges;
}

function ours(text: string): string[] {
  const bytes = Buffer.from(text);
  const ranges: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = tokenEnd(bytes, at, bytes.length, false);
    const kind = tokenKind(bytes, at, end);
    if (kind !== TOKEN_BLANK && kind !== TOKEN_SIGN) ranges.push(`${at}-${end}`);
    at = end;
  }
  return ranges;
}

describe("tokens", () => {
  beforeAll(() => loadModule());

  test("end where PostgreSQL's own scanner ends them", () => {
    const pieces =
      "' '' E' e'\\' \\ $ $$ $a$ $a $1 -- /* */ \" a Ab é E N n' x'1F' b'01' U&'d' 1 12 1.5 .5 5. 1e5 1E-3 0x1F 1_0 _ + - * / < = :: ( ) , ; [ @".split(
        " ",
      );
    const piece = fc.constantFrom(...pieces, " ", "\n", " \n ");
    let compared = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        // PL/pgSQL's 1..2, and a bit string with a doubled quote, which no grammar takes.
        const expected = /\.\.|[bx]'[^']*''/i.test(text) ? null : scanned(text);
        if (expected === null) return;
        compared++;
        expect([text, ours(text)]).toEqual([text, expected]);
      }),
      { numRuns: 5000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
