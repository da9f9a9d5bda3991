import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXCEPTIONS } from "./exceptions.ts";

test("docs/transparency.md lists what is different, as the comparisons here do, and nothing else", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/transparency.md"), "utf8");
  const section = text.slice(text.indexOf("## What is different"), text.indexOf("## What may surprise"));
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  expect(rows.slice(2)).toEqual(EXCEPTIONS.map(({ what, why }) => `| ${what} | ${why} |`));
});
