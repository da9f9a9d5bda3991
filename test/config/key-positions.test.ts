import {
  array,
  assert as assertProperty,
  boolean,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  string,
} from "fast-check";
import { parse, stringify } from "smol-toml";
import { describe, expect, test } from "vitest";
import { type KeyPath, scanKeyPositions } from "../../src/config/key-positions.ts";

const DOCUMENT = `# a comment with [brackets] and "quotes"
top = 1 # not [a] table

[general]
host = "# no comment [x]"
"quoted.key" = 2
'literal' = 3
dotted . "inner key".last = 4
text = """
port = 1
[api]
\\""" still inside
"""
raw = '''
port = 2
'''''
list = [
  1, # one
  "]", [ 2, 3 ],
  { a = 1, b.c = [
    5,
  ] },
]
when = 2026-01-02 03:04:05 # a date
[[databases]]
port = 1
[databases.extra]
deep = 1
  [[ databases ]]
  port = 2
[ general . child ]
key = 1
`;

const expected: readonly (readonly [KeyPath, number])[] = [
  [["top"], 2],
  [["general"], 4],
  [["general", "host"], 5],
  [["general", "quoted.key"], 6],
  [["general", "literal"], 7],
  [["general", "dotted", "inner key", "last"], 8],
  [["general", "text"], 9],
  [["general", "raw"], 14],
  [["general", "list"], 17],
  [["general", "list", 0], 18],
  [["general", "list", 1], 19],
  [["general", "list", 2, 1], 19],
  [["general", "list", 3, "a"], 20],
  [["general", "list", 3, "b", "c", 0], 21],
  [["general", "when"], 24],
  [["databases"], 25],
  [["databases", 0], 25],
  [["databases", 0, "port"], 26],
  [["databases", 0, "extra"], 27],
  [["databases", 0, "extra", "deep"], 28],
  [["databases", 1], 29],
  [["databases", 1, "port"], 30],
  [["general", "child"], 31],
  [["general", "child", "key"], 32],
];

describe("the line of every key is found", () => {
  const positions = scanKeyPositions(DOCUMENT);
  test.for(expected)("%j", ([path, line]) => {
    expect(positions.has(path)).toBe(true);
    expect(positions.lineOf(path)).toBe(line);
  });

  test("and Windows line ends change none of them", () => {
    const windows = scanKeyPositions(`\uFEFF${DOCUMENT.replaceAll("\n", "\r\n")}`);
    expect(expected.map(([path]) => windows.lineOf(path))).toEqual(expected.map(([, line]) => line));
  });
});

test("a key that isn't written has the line of the table it is missing from", () => {
  const positions = scanKeyPositions(DOCUMENT);
  expect(positions.lineOf(["databases", 1, "host"])).toBe(29);
  expect(positions.lineOf(["databases", 7, "host"])).toBe(25);
  expect(positions.lineOf(["nowhere", "host"])).toBe(1);
});

test("whatever the parser reads, the scanner has a line for, and it holds the key", () => {
  const value = letrec((tie) => ({
    value: oneof({ maxDepth: 3 }, integer(), boolean(), string(), tie("list"), tie("table")),
    list: array(tie("value"), { maxLength: 3 }),
    table: dictionary(string({ minLength: 1 }), tie("value"), { maxKeys: 4 }),
  }));
  assertProperty(
    property(value.table, (table) => {
      const toml = stringify(table);
      const positions = scanKeyPositions(toml);
      const lines = toml.split("\n");
      for (const path of pathsOf(parse(toml), [])) {
        expect(positions.has(path)).toBe(true);
        const key = path.findLast((part) => typeof part === "string") ?? "";
        expect(lines[positions.lineOf(path) - 1]).toContain(
          JSON.stringify(key).slice(1, -1).replaceAll("\x7f", "\\u007f"),
        );
      }
    }),
  );
});

function pathsOf(value: unknown, path: KeyPath): KeyPath[] {
  if (typeof value !== "object" || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, child]) => [[...path, key], ...pathsOf(child, [...path, key])]);
}
