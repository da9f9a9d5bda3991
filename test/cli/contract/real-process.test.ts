// What is true of the commands inside a test's process is true of the process that people start: its exit code, and every byte.

import { spawnSync } from "node:child_process";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../log-fixture.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

test.for<[code: number, argv: string[]]>([
  [64, ["events", "--limit", "😀\u001b[2J\n"]],
  [64, ["readiness", "--db", "/nowhere", "--set", "=", "--frobnicate"]],
  [78, ["statements", "--config", "/nowhere/\u202e\r\n.toml"]],
  [70, ["stats", "--db", "/nowhere/\u009b/pgsoak.db"]],
  [64, ["bench", "--clients", "x".repeat(3000)]],
])("a process ends with %i as the tests have it", async ([code, argv]) => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "pgsoak-process-test-"));
  const options = { cwd: folder.path, encoding: "utf8", env: {} } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], options);
  expect({ code: status, stdout, stderr }).toEqual(await run(...argv));
  expect([status, stdout]).toEqual([code, ""]);
  expect(stderr.split("\n")).toHaveLength(2);
});
