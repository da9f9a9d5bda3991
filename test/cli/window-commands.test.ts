import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { loadStatementParser } from "../../src/events/statements.ts";
import { comparisonSchema } from "../../src/projections/comparison.ts";
import { percentText } from "../../src/projections/figure-text.ts";
import { historySchema } from "../../src/projections/history.ts";
import { statementListSchema } from "../../src/projections/statement-list.ts";
import { appendWatched, BEGIN } from "../projections/watched-log.ts";
import { openLogFixture, run, type LogFixture } from "./log-fixture.ts";

const S = BEGIN / 1_000_000;
const MINUTES = ["--from", String(S), "--to", String(S + 300)];

beforeAll(loadStatementParser);

async function openWatchedLog(): Promise<LogFixture> {
  const fixture = await openLogFixture();
  appendWatched(fixture.log);
  return fixture;
}

/** As on a terminal of this width. */
async function runOnTerminal(columns: number, ...argv: string[]): Promise<string[]> {
  let stdout = "";
  const write = (text: string): void => void (stdout += text);
  expect(await runProgram(argv, { stdout: write, stderr: write, stdoutColumns: columns, env: {} })).toBe(0);
  return stdout.trimEnd().split("\n");
}

test("history is a line a point, and one with dashes while nobody was watching", async () => {
  using fixture = await openWatchedLog();
  const history = ["history", "--db", fixture.path, "--step", "1m", ...MINUTES];
  const { code, stdout, stderr } = await run(...history, "--mirroring", "pg18");
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
  const counts = "from  observed  seen  skipped  mirrored  errored  dropped  success";
  const latencies = "mirror p50 ms  mirror p95 ms  mirror p99 ms  primary p50 ms  primary p95 ms  primary p99 ms";
  expect(lines[0]).toEqual(`${counts}  ${latencies}`.split("  "));
  expect(lines[1]!.slice(0, 8)).toEqual(["2023-11-14T22:14:00Z", "100%", "40", "0", "40", "0", "0", "100%"]);
  expect(lines[2]!.slice(0, 8)).toEqual(["2023-11-14T22:15:00Z", "100%", "8", "5", "1", "1", "1", "33.3%"]);
  expect(lines[4]).toEqual(["2023-11-14T22:17:00Z", "0%", ...Array.from({ length: 12 }, () => "-")]);
  expect(lines[5]).toEqual(["Points of 60 s; a dash: nobody was watching, or nothing can be said."]);
});

test("a table leaves out what matters least until it fits the terminal", async () => {
  using fixture = await openWatchedLog();
  for (const width of [60, 80, 100, 200]) {
    const lines = await runOnTerminal(width, "history", "--db", fixture.path, "--step", "1m", ...MINUTES);
    const table = lines.slice(0, 5);
    expect([width, Math.max(...table.map((line) => line.length)) <= width]).toEqual([width, true]);
    expect(table[0]).toMatch(/^from +.*seen .*errored +dropped +success/);
    expect([width, table[0]!.includes("p99")]).toEqual([width, width === 200]);
  }
  const statements = await runOnTerminal(70, "statements", "--db", fixture.path, ...MINUTES);
  expect(statements[0]).toMatch(/^calls +errored .*statement$/);
  expect(Math.max(...statements.slice(0, 4).map((line) => line.length))).toBeLessThanOrEqual(70);
});

test("history --json and --csv print what GET /history answers", async () => {
  using fixture = await openWatchedLog();
  const history = ["history", "--db", fixture.path, "--step", "1m", ...MINUTES];
  const { points } = historySchema.parse(JSON.parse((await run(...history, "--json")).stdout));
  expect(points.map(({ seen }) => seen)).toEqual([40, 10, 0, null, null]);
  const csv = (await run(...history, "--csv")).stdout.split("\r\n");
  expect([csv.length, csv[0]!.startsWith("from,to,observed_seconds,")]).toEqual([7, true]);
  expect(await run(...history, "--csv", "--json")).toMatchObject({ code: 64, stdout: "" });
});

test("a rate that is not quite 100% does not look like it", () => {
  expect([1, 0.9999999, 0.99995, 0.9556, 0, 0.00012, -0.5, null].map(percentText)).toEqual([
    "100%",
    "99.999%",
    "99.995%",
    "95.6%",
    "0%",
    "0.012%",
    "-50%",
    "-",
  ]);
});

test("without a step the table is short enough to look at, and JSON has the points of a chart", async () => {
  using fixture = await openWatchedLog();
  const window = ["--db", fixture.path, "--from", String(S), "--to", String(S + 600)];
  const { points } = historySchema.parse(JSON.parse((await run("history", "--json", ...window)).stdout));
  expect(points).toHaveLength(300);
  expect((await run("history", ...window)).stdout.split("\n").length).toBeLessThan(60);
});

test("statements are listed with their errors", async () => {
  using fixture = await openWatchedLog();
  const { code, stdout } = await run("statements", "--db", fixture.path, ...MINUTES, "--limit", "2");
  expect(code).toBe(0);
  const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
  expect(lines[1]!.slice(1)).toEqual(["2", "1", "0", "1", "1.98", "0.99", "-", "select ? from b"]);
  expect(lines[3]).toEqual(["2 of 3 statements."]);
  expect(lines.at(-2)).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), "42883", "1", "function does not exist"]);
  const json = await run("statements", "--db", fixture.path, ...MINUTES, "--sort", "ratio", "--json");
  expect(statementListSchema.parse(JSON.parse(json.stdout)).statements[0]).toMatchObject({ calls: 42 });
});

test("compare prints both windows and the difference", async () => {
  using fixture = await openWatchedLog();
  const windows = [`${S}..${S + 60}`, `${S + 60}..${S + 120}`, "--mirroring", "pg18"];
  const { code, stdout } = await run("compare", "--db", fixture.path, ...windows);
  expect(code).toBe(0);
  const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(lines[0]).toEqual(["a", "2023-11-14T22:14:00Z to 2023-11-14T22:15:00Z, observed 100%"]);
  expect(lines).toContainEqual(["seen", "40", "8", "-32"]);
  expect(lines).toContainEqual(["errored", "0", "1", "+1"]);
  expect(lines).toContainEqual(["success rate", "100%", "33.3%", "-66.7%"]);
  expect(lines).toContainEqual(["mirror mean ms", "9.00", "2.00", "-7.00"]);
  const json = await run("compare", "--db", fixture.path, ...windows, "--json");
  expect(comparisonSchema.parse(JSON.parse(json.stdout)).difference).toMatchObject({ seen: -32 });
});

test("an empty log has an answer for everything", async () => {
  using fixture = await openLogFixture();
  const db = ["--db", fixture.path];
  expect(await run("history", ...db)).toMatchObject({ code: 0, stdout: "There is nothing in this window.\n" });
  expect(await run("statements", ...db)).toMatchObject({ code: 0, stdout: "There is no statement in this window.\n" });
  expect(await run("compare", ...db, "all", "24h")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^seen +- +- +-$/m),
  });
});

test.each([
  [["history", "--window", "soon"], "--window is"],
  [["history", "--from", "20", "--to", "10"], "--from is"],
  [["history", "--window", "24h", "--from", "20"], "--window"],
  [["history", "--window", "24h", "--step", "1s"], "--step is"],
  [["history", "--step", "often"], "--step is"],
  [["history", "--mirroring", "nobody"], "--mirroring: the log knows no mirroring"],
  [["statements", "--sort", "name"], "--sort"],
  [["statements", "--limit", "0"], "--limit"],
  [["compare", "24h"], "missing required argument 'b'"],
  [["compare", "24h", "10..5"], "b is"],
])("%j is a usage error that names what is wrong", async (argv, named) => {
  using fixture = await openWatchedLog();
  const { code, stdout, stderr } = await run(...argv, "--db", fixture.path);
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toContain(named);
});

test.each([["history"], ["statements"], ["compare", "all", "24h"]])(
  "%s: a log that isn't there is 70, a configuration that isn't 78",
  async (...argv) => {
    expect(await run(...argv, "--db", "/nowhere/x.db")).toMatchObject({ code: 70, stdout: "" });
    expect(await run(...argv, "--config", "/nowhere/x.toml")).toMatchObject({ code: 78, stdout: "" });
  },
);

test("while a projection is being rebuilt the commands say so", async () => {
  using fixture = await openWatchedLog();
  fixture.log.db.prepare("update fold_position set seq = 6 where name like '%rollups'").run();
  for (const argv of [["history"], ["statements"], ["compare", "all", "24h"]]) {
    const { code, stderr } = await run(...argv, "--db", fixture.path);
    expect([code, stderr]).toEqual([70, expect.stringContaining("is being rebuilt")]);
  }
});

test.each(["history", "statements", "compare"])("%s --help gives examples", async (command) => {
  const { code, stdout } = await run(command, "--help");
  expect(code).toBe(0);
  expect(stdout).toContain(`$ pgsoak ${command} `);
});
