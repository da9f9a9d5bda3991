import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readinessSchema } from "../../src/projections/readiness/readiness-schema.ts";
import { errored, mirrored, queued, runStarted, tallied } from "../projections/facts.ts";
import { openLogFixture, run, type LogFixture } from "./log-fixture.ts";

const HOUR = 3_600_000_000;
const AT = 400_000 * HOUR;
const END = AT + 25 * HOUR;
/** Of the whole log, so that the clock of the machine plays no part. */
const WINDOW = ["--from", String(AT / 1e6), "--to", String(END / 1e6)];
const LENIENT = ["--set", "mirror_min_requests=300", "--set", "mirror_consecutive_success=50"];

/** A day with 400 requests of the database app, and 100 of shop, 5 of which failed. */
async function openSoakedLog(): Promise<LogFixture> {
  const fixture = await openLogFixture();
  const { log } = fixture;
  const [app, shop] = [log.lanes.register("pg18", "app"), log.lanes.register("pg18", "shop")];
  log.appendBatch([runStarted(AT, { mirrorings: [{ name: "pg18", settings: {}, exposure: 1 }] })]);
  const ids = Array.from({ length: 500 }, (_, index) => index + 1);
  const laneOf = (id: number) => (id <= 400 ? app : shop);
  log.appendBatch([
    ...ids.map((request) => queued(AT + HOUR, { request, lane: laneOf(request) })),
    ...ids.map((request) =>
      (request > 400 && request <= 405 ? errored : mirrored)(AT + HOUR, { request, lane: laneOf(request) }),
    ),
    tallied(AT + HOUR, 400, { lane: app }),
    tallied(AT + HOUR, 100, { lane: shop }),
  ]);
  log.appendBatch([{ kind: "idled", at: END }]);
  return fixture;
}

test("the exit code is the verdict: 0 READY, 1 NOT_READY, 2 INCONCLUSIVE", async () => {
  using fixture = await openSoakedLog();
  const ask = async (...options: string[]) =>
    (await run("readiness", "--db", fixture.path, ...WINDOW, ...options)).code;
  expect(await ask("--database", "app", ...LENIENT)).toBe(0);
  expect(await ask(...LENIENT)).toBe(1);
  expect(await ask("--database", "app")).toBe(2);
});

test("the report is text, beside the running writer", async () => {
  using fixture = await openSoakedLog();
  const { stdout, stderr } = await run("readiness", "--db", fixture.path, ...WINDOW);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^=== Mirror Migration Readiness Report ===\nStatus: NOT READY\n/);
  expect(stdout).toContain("  - Error rate 5.00% exceeds threshold 1.00% (pg18/shop)\n");
});

test("a window that ends in the future ends now", async () => {
  using fixture = await openSoakedLog();
  const question = ["--from", String(AT / 1e6), "--to", "2999-01-01T00:00:00Z", "--json"];
  const { stdout } = await run("readiness", "--db", fixture.path, ...question);
  const { to } = readinessSchema.parse(JSON.parse(stdout));
  expect(Date.parse(to)).toBeLessThanOrEqual(Date.now());
  const future = ["--from", "2998-01-01T00:00:00Z", "--to", "2999-01-01T00:00:00Z"];
  expect(await run("readiness", "--db", fixture.path, ...future)).toMatchObject({ code: 64 });
});

test("--format json and --json print what GET /readiness answers", async () => {
  using fixture = await openSoakedLog();
  const json = await run("readiness", "--db", fixture.path, ...WINDOW, "--json");
  const answer = readinessSchema.parse(JSON.parse(json.stdout));
  expect(answer).toMatchObject({ verdict: "NOT_READY", from: "2015-08-19T16:00:00.000000Z" });
  expect((await run("readiness", "--db", fixture.path, ...WINDOW, "--format", "json")).stdout).toBe(json.stdout);
});

test.for([
  ["markdown", /^# Mirror migration readiness: NOT READY\n/],
  ["html", /^<!doctype html>\n/],
  ["junit", /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites /],
] as const)("--format %s", async ([format, begin]) => {
  using fixture = await openSoakedLog();
  const { stdout, code } = await run("readiness", "--db", fixture.path, ...WINDOW, "--format", format);
  expect(stdout).toMatch(begin);
  expect(code).toBe(1);
});

test("--window counts back from now: of a log that ended long ago there is nothing to judge", async () => {
  using fixture = await openSoakedLog();
  const { code, stdout } = await run("readiness", "--db", fixture.path, "--window", "1h");
  expect(code).toBe(2);
  expect(stdout).toContain("No request was selected in the window");
});

test.for([
  [["--window", "1y"], /^pgsoak: window is "1y", but must be a length/],
  [["--from", "never"], /^pgsoak: from is "never", but must be a moment/],
  [["--window", "24h", "--from", "1"], /must be absent where from or to is given/],
  [["--set", "mirror_max_error_rate"], /It must be a setting and its value/],
  [["--set", "mirror_max_error_rate=2"], /^pgsoak: mirror_max_error_rate is "2", expected a number from 0 to 1/],
  [["--set", "max_errors=1"], /is no setting of readiness/],
  [["--format", "pdf"], /Allowed choices are text, json, markdown, html, junit/],
  [["--mirroring", "pg20"], /^pgsoak: --mirroring: no mirroring has this name/],
  [["--database", "hr"], /^pgsoak: --database: no request has asked for a database of this name/],
] as const)("%j is a usage error: 64 with what is wrong, and no report", async ([options, message]) => {
  using fixture = await openSoakedLog();
  const { code, stdout, stderr } = await run("readiness", "--db", fixture.path, ...options);
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toMatch(message);
});

test("a configuration that is wrong is 78, a log that is missing 70", async () => {
  using fixture = await openSoakedLog();
  const config = join(fixture.folder, "pgsoak.toml");
  writeFileSync(config, "[readiness]\nmax_drop_rate = 2\n");
  expect((await run("readiness", "--config", config)).code).toBe(78);
  expect((await run("readiness", "--db", fixture.path, "--config", config)).code).toBe(78);
  expect((await run("readiness", "--db", join(fixture.folder, "other.db"))).code).toBe(70);
});

test("the policy is that of the configuration, and its log is judged", async () => {
  using fixture = await openSoakedLog();
  const config = join(fixture.folder, "pgsoak.toml");
  const general = "[general]\nmirror_max_error_rate = 0.2\nmirror_min_requests = 300\n";
  const databases = '[[databases]]\nname = "*"\nhost = "127.0.0.1"\ntls = "disable"\n';
  writeFileSync(config, `${general}mirror_consecutive_success = 50\n${databases}[events]\npath = "./pgsoak.db"\n`);
  expect((await run("readiness", "--config", config, ...WINDOW)).code).toBe(0);
});

test("--help gives examples and the exit codes", async () => {
  const { code, stdout } = await run("readiness", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("$ pgsoak readiness --window 24h");
  expect(stdout).toContain("2 when it is INCONCLUSIVE");
});
