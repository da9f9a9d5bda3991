// The command line and the document about it say the same.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../cli/log-fixture.ts";

const ROOT = join(import.meta.dirname, "../..");

test("docs/cli.md has a row for each command, and no other", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  const commands = stdout.slice(stdout.indexOf("\nCommands:\n"), stdout.indexOf("\nExamples:"));
  const offered = [...commands.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!).filter((name) => name !== "help");
  const text = readFileSync(join(ROOT, "docs/cli.md"), "utf8");
  const explained = [...text.matchAll(/^\| `pgsoak ([a-z]+)` \|/gm)].map(([, name]) => name!);
  expect(explained.toSorted()).toEqual(offered.toSorted());
});
