import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { statsJsonSchema } from "../../src/projections/stats-json.ts";
import { errored, mirrored, queued, tallied, unrecorded } from "../projections/facts.ts";
import { openLogFixture, run, type LogFixture } from "./log-fixture.ts";

const AT = 1_700_000_000_000_000;

async function openBusyLog(): Promise<LogFixture> {
  const fixture = await openLogFixture();
  const { log } = fixture;
  const [app, shop] = [log.lanes.register("pg18", "app"), log.lanes.register("pg18", "shop")];
  log.appendBatch([
    queued(AT, { lane: app }),
    mirrored(AT, { lane: app, mirrorUs: 1500 }),
    queued(AT, { lane: shop, request: 2 }),
    errored(AT, { lane: shop, request: 2 }),
    tallied(AT, 1001, { lane: app }),
    tallied(AT, 1, { lane: shop }),
    unrecorded(AT, { lane: app, requests: 1000 }),
  ]);
  return fixture;
}

test("stats prints a table of every mirroring and database with a total, beside the running writer", async () => {
  using fixture = await openBusyLog();
  const { code, stdout, stderr } = await run("stats", "--db", fixture.path);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").slice(0, 5)).toEqual([
    "Requests since the last reset",
    "mirroring  database   seen  skipped  mirrored  errored  dropped  in flight  mean ms  max ms  last success",
    "pg18       app       1,001        0         1        0        0          0     1.50    1.50  2023-11-14T22:13:20Z",
    "pg18       shop          1        0         0        1        0          0        -       -  never",
    "total                1,002        0         1        1        0          0     1.50    1.50  2023-11-14T22:13:20Z",
  ]);
  expect(stdout).toContain("Errors of the mirror\n");
  expect(stdout).toContain("Results compared\n");
  expect(stdout).toContain("1,000 requests were seen but lost to the log.\n");
});

test.each([80, 120])("stats leaves out what matters least on a terminal of %i columns", async (columns) => {
  using fixture = await openBusyLog();
  let stdout = "";
  const write = (text: string): void => void (stdout += text);
  await runProgram(["stats", "--db", fixture.path], { stdout: write, stderr: write, stdoutColumns: columns, env: {} });
  const lines = stdout.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(lines[1]).toMatch(/^mirroring  database +seen .*mirrored  errored  dropped/);
});

test("stats --json prints what GET /stats answers", async () => {
  using fixture = await openBusyLog();
  const { code, stdout } = await run("stats", "--json", "--db", fixture.path);
  expect(code).toBe(0);
  const stats = statsJsonSchema.parse(JSON.parse(stdout));
  expect(stats.total).toMatchObject({ requests_total: 1002, requests_mirrored: 1, errors_query: 1 });
  expect(stats.mirrorings).toHaveLength(2);
});

test("the log is found through the configuration", async () => {
  using fixture = await openBusyLog();
  const config = join(fixture.folder, "pgsoak.toml");
  writeFileSync(
    config,
    '[[databases]]\nname = "*"\nhost = "127.0.0.1"\nport = 5432\n[events]\npath = "./pgsoak.db"\n[api]\nport = 9090\n',
  );
  const { code, stdout, stderr } = await run("stats", "--config", config);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("shop");
});

test("an empty log has a total of zeroes", async () => {
  using fixture = await openLogFixture();
  const { code, stdout } = await run("stats", "--db", fixture.path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^total +0 +0 +0 +0 +0 +0 +- +- +never$/m);
});

test("a missing log is a clear error", async () => {
  using fixture = await openLogFixture();
  const { code, stdout, stderr } = await run("stats", "--db", join(fixture.folder, "other.db"));
  expect([code, stdout]).toEqual([70, ""]);
  expect(stderr).toBe(`pgsoak: There is no event log at ${join(fixture.folder, "other.db")}.\n`);
});

test("a database name can't write to the terminal", async () => {
  using fixture = await openLogFixture();
  const lane = fixture.log.lanes.register("pg18", "a\u001b[2Jb\nc");
  fixture.log.appendBatch([tallied(AT, 1, { lane })]);
  const { stdout } = await run("stats", "--db", fixture.path);
  expect(stdout).toContain("a\\u{1b}[2Jb c");
  expect(stdout).not.toContain("\u001b");
});

test("--help gives examples", async () => {
  const { code, stdout } = await run("stats", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("$ pgsoak stats --db ./pgsoak.db");
});
