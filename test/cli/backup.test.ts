import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { marks } from "../events/marks.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { openLogFixture, run } from "./log-fixture.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

test("backup copies the log beside its writer and says what the copy holds", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch(marks(1234));
  const file = join(fixture.folder, "copy.db");
  const { code, stdout, stderr } = await run("backup", file, "--db", fixture.path);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`Copied the event log up to event 1,234 to ${file}: `);
  expect(stdout).toContain("1,234 events agree with their checksums");
  const events = await run("events", "--db", file, "--after", "1233");
  expect(events.stdout).toMatch(/^1234 .* marked/);
});

test("--json is one object", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch(marks(3));
  const file = join(fixture.folder, "copy.db");
  const { stdout } = await run("backup", "--json", "--db", fixture.path, file);
  const answer = { file, bytes: statSync(file).size, last_seq: 3, events_checked: 3, seconds: expect.any(Number) };
  expect(JSON.parse(stdout)).toEqual(answer);
});

test("a file that is there is refused with exit code 70 and kept, unless --force", async () => {
  using fixture = await openLogFixture();
  fixture.log.appendBatch(marks(3));
  const file = join(fixture.folder, "copy.db");
  expect((await run("backup", file, "--db", fixture.path)).code).toBe(0);
  const again = await run("backup", file, "--db", fixture.path);
  expect([again.code, again.stdout]).toEqual([70, ""]);
  expect(again.stderr).toContain("--force");
  expect((await run("backup", file, "--db", fixture.path, "--force")).code).toBe(0);
});

test("without a file it is a usage error; a log that isn't there is named", async () => {
  expect((await run("backup")).code).toBe(64);
  const missing = await run("backup", "copy.db", "--db", "missing.db");
  expect(missing.code).toBe(70);
  expect(missing.stderr).toContain("There is no event log at missing.db");
});

test("Ctrl-C ends it with exit code 1 and nothing left", async () => {
  using fixture = await openLogFixture();
  const batch = marks(50_000).map((mark) => ({ ...mark, text: "x".repeat(300) }));
  for (let i = 0; i < 8; i++) fixture.log.appendBatch(batch);
  const file = join(fixture.folder, "copy.db");
  const child = spawn(process.execPath, [MAIN, "backup", file, "--db", fixture.path], { stdio: "ignore" });
  const exited = once(child, "exit");
  await waitFor(() => existsSync(`${file}.partial-${child.pid}`));
  child.kill("SIGINT");
  expect(await exited).toEqual([1, null]);
  expect(readdirSync(fixture.folder).filter((name) => name.startsWith("copy"))).toEqual([]);
});
