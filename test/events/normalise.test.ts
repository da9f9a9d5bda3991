import * as fc from "fast-check";
import { loadModule, scanSync } from "libpg-query";
import { beforeAll, expect, test } from "vitest";
import { neutraliseStatement, normaliseStatement } from "../../src/events/normalise.ts";
import { scanSql } from "../../src/events/sql-scanner.ts";

beforeAll(loadModule);

test.each([
  ["SELECT  a,\n\tB FROM T -- note\n WHERE x = 'it''s' ;", "select a, b from t where x = ?"],
  ["select 1, 1.5e-10, .5, 0x1F, 1_000, -7", "select ?, ?, ?, ?, ?, -?"],
  ["select E'it\\'s', e'\\\\', B'01', x'1F', N'n', U&'d\\0061t'", "select ?, ?, ?, ?, ?, ?"],
  ["select $$a 'b' $$, $tag$ $$ $tag$, $1, col$1", "select ?, ?, $1, col$1"],
  ['select /* a /* nested */ \'x\' */ "Mixed ""Case""", "plain"', 'select "Mixed ""Case""", "plain"'],
  ["select 'a'\n  'b', E'c' -- why\n 'd\\'e' from t", "select ?, ? from t"],
  ["select * from t where a IN (1, -2, 'x') and b in ( $1,$2 )", "select * from t where a in (?) and b in (?)"],
  ["insert into t values (1, 'x'), (2, 'y')", "insert into t values (?, ?), (?, ?)"],
  ["ALTER ROLE app PASSWORD 'hunter2'", "alter role app password ?"],
  ["SET LOCAL app.token = hunter2; SELECT 1", "set local app.token = ?; select ?"],
  ["set search_path to tenant_7, public", "set search_path to ?"],
  ["alter role app set app.token to hunter2", "alter role app set app.token to ?"],
  ["update t set a = b, c = 5 where d = e", "update t set a = b, c = ? where d = e"],
  ["select 'C:\\dir', a from t", "select ?, a from t"],
  ["-- nothing but a comment", ""],
  ["  ;; ", ""],
])("%j is called %j", (sql, name) => {
  expect(normaliseStatement(sql)).toBe(name);
});

test.each([
  ["a string", "select a, 'secr"],
  ["a string behind a backslash", "select a, E'secr\\"],
  ["a dollar-quoted string", "select a, $body$ secr"],
  ["a quoted name", 'select a, "secr'],
])("%s that is cut off is a literal to the end", (_what, sql) => {
  expect(normaliseStatement(sql)).toBe("select a, ?");
});

test("a comment that is cut off is dropped to the end", () => {
  expect(normaliseStatement("select a /* secret")).toBe("select a");
});

test("where a backslash can be read in two ways, the text ends", () => {
  expect(normaliseStatement("select a, 'x\\', 'secret' from t")).toBe("select a, ?");
  expect(normaliseStatement("select a, 'x\\'', secret from t")).toBe("select a, ?");
});

test("where a backslash may be half a character of another encoding, the text ends", () => {
  expect(normaliseStatement("select a, E'\ufffd\\', 'secret' from t")).toBe("select a, ?");
});

const MARK = "zqmarkzq";
const body = fc.array(
  fc.constantFrom("'", "\\", "$", '"', "--", "/*", "*/", "\n", " ", "$$", "E'", "\ufffd", "é", "1"),
);
const marked = fc.tuple(body, body).map(([before, after]) => `${before.join("")}${MARK}${after.join("")}`);
const doubled = (text: string): string => text.replaceAll("'", "''");

/** A literal around the marked body, as a session with (or without) standard_conforming_strings would have to write it. */
function literal(isStandard: boolean): fc.Arbitrary<string> {
  const escaped = marked.map((text) => doubled(text.replaceAll("\\", "\\\\")));
  const slashed = marked.map((text) => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'"));
  const plain = isStandard ? marked.map(doubled) : fc.oneof(escaped, slashed);
  return fc.oneof(
    plain.map((text) => `'${text}'`),
    plain.map((text) => `n'${text}'`),
    fc.oneof(escaped, slashed).map((text) => `E'${text}'`),
    fc.tuple(slashed, slashed).map(([first, second]) => `E'${first}' -- goes on\n '${second}'`),
    marked.map((text) => `$q$${text.replaceAll("$", "")}$q$`),
    marked.map((text) => `$$${text.replaceAll("$", "")}$$`),
    fc.constantFrom(`12${MARK}`, `0x1${MARK}`, `1.5e-7${MARK}`, `/* ${MARK} /* */ ${MARK} */`, `-- ${MARK}\n`),
  );
}

const code = fc.constantFrom(
  " select ",
  "a.b",
  ",",
  "(",
  ")",
  "::text",
  '"Quoted ""name"""',
  "= ",
  "$1",
  "t$1",
  " -",
  "\n",
  ";",
);

test.each([true, false])("no literal survives, standard_conforming_strings %s", (isStandard) => {
  const pieces = fc.array(fc.oneof(code, literal(isStandard)), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (parts) => {
      // Pieces that touch would make other tokens of each other: a name of the two, or one string that goes on.
      const sql = parts.join(" + ");
      expect(normaliseStatement(sql)).not.toContain(MARK);
      expect(neutraliseStatement(sql)).not.toContain(MARK);
    }),
    { numRuns: 3000 },
  );
});

test("no literal survives a cut anywhere", () => {
  const pieces = fc.array(fc.oneof(code, literal(true)), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, fc.nat(400), (parts, length) => {
      expect(normaliseStatement(parts.join(" + ").slice(0, length))).not.toContain("zqmark");
    }),
    { numRuns: 2000 },
  );
});

const CONSTANTS = new Set(["SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST"]);

/** What PostgreSQL's own lexer calls a constant, or null when it refuses the text. */
function constantsOf(sql: string): { start: number; end: number }[] | null {
  try {
    return scanSync(sql).tokens.filter(({ tokenName }) => CONSTANTS.has(tokenName));
  } catch {
    return null;
  }
}

test("every constant that PostgreSQL's lexer finds is a literal here", () => {
  const soup = fc
    .array(
      fc.constantFrom(
        "'",
        "''",
        '"',
        "$",
        "$$",
        "$a$",
        "\\",
        "e",
        "E'",
        "U&'",
        "x'",
        "b",
        "1",
        ".5",
        "e5",
        "0x",
        "_",
        "a",
        " ",
        "\n",
        "--",
        "/*",
        "*/",
        "-",
        "+",
        ",",
        "(",
        "é",
      ),
      { maxLength: 25 },
    )
    .map((parts) => parts.join(""));
  let accepted = 0;
  fc.assert(
    fc.property(soup, (sql) => {
      const constants = constantsOf(sql);
      if (constants === null) return;
      accepted++;
      // libpg-query counts bytes.
      const bytes = Buffer.from(sql);
      const literals = scanSql(sql, false).filter(({ type }) => type === "string" || type === "number");
      for (const constant of constants) {
        const start = bytes.subarray(0, constant.start).toString().length;
        const end = bytes.subarray(0, constant.end).toString().length;
        expect(literals.some((token) => token.start <= start && token.end >= end)).toBe(true);
      }
    }),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(1000);
});
