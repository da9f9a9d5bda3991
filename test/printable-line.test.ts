import * as fc from "fast-check";
import { expect, test } from "vitest";
import { printableLine } from "../src/printable-line.ts";
import { anyCharacter } from "./api/contract/hostile-values.ts";

test("a line of ours stays as it is", () => {
  const line = 'pgsoak: window is "24x", but must be a length such as 30s … 😀 ü';
  expect(printableLine(line)).toBe(line);
});

test("what a terminal would obey is written out", () => {
  expect(printableLine("a\n\u001b[2Jb\u009b\u202ec")).toBe(String.raw`a\u000a\u001b[2Jb\u009b\u202ec`);
});

test("a long text keeps its beginning and its end", () => {
  const cut = printableLine(`argument '${"x".repeat(3000)}' is invalid. It must be a whole number.`);
  expect(cut).toMatch(/^argument 'x+ … x+' is invalid\. It must be a whole number\.$/);
  expect(cut.length).toBeLessThan(520);
});

test("any text becomes one printable line", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 700 }), (text) => {
      const line = printableLine(text);
      expect(line).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(line.isWellFormed()).toBe(true);
    }),
    { numRuns: 50 },
  );
});
