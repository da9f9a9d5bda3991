// The console's commands are written twice: in the code, and in docs/console.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/api/console/commands.ts";
import { LIVE_SETTINGS } from "../../src/config/live-settings.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/console.md"), "utf8");
/** The first two cells of the rows below a heading. */
const rows = (heading: string): string[][] => {
  const section = docs.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .split(" | ")
      .slice(0, 2)
      .map((cell) => cell.replace(/^\| | \|$/g, "").trim()),
  );
};

test("docs/console.md has every command with its syntax and what it does, and no other", () => {
  expect(rows("Commands")).toEqual(COMMANDS.map(({ syntax, description }) => [`\`${syntax}\``, description]));
});

test("docs/console.md has the columns of every answer, in their order", () => {
  const written = COMMANDS.filter(({ columns }) => columns.length > 0).map(({ name, columns }) => [
    `\`${name}\``,
    columns.map((column) => `\`${column.name}\``).join(", "),
  ]);
  expect(rows("Columns")).toEqual(written);
});

test("docs/console.md has every setting that SET takes", () => {
  for (const name of LIVE_SETTINGS) expect(docs).toContain(`\`${name}\``);
});
