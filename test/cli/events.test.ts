import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import { loadStatementParser } from "../../src/events/statements.ts";
import { errored, mirrored, queued, runStarted, skipped, tallied, unrecorded } from "../projections/facts.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { openLogFixture, run, type LogFixture } from "./log-fixture.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const AT = 1_700_000_000_123_456;
const MOMENT = "2023-11-14T22:13:20.123456Z";

beforeAll(loadStatementParser);

async function openBusyLog(): Promise<LogFixture> {
  const fixture = await openLogFixture();
  const { log } = fixture;
  const lane = log.lanes.register("pg18", "app");
  const statement = log.statements.register("select *\n  from users where id = 42");
  log.appendBatch([
    runStarted(AT),
    queued(AT, { lane, statement }),
    mirrored(AT, { lane, statement }),
    queued(AT, { lane, request: 2 }),
    errored(AT, { lane, request: 2, message: "no\nsuch \u001b[31mfunction" }),
    tallied(AT, 2, { lane }),
  ]);
  return fixture;
}

test("every event is one line with its names resolved", async () => {
  using fixture = await openBusyLog();
  const statement = fixture.log.reader.statementText(1);
  const { code, stdout, stderr } = await run("events", "--db", fixture.path);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n")).toEqual([
    `1  ${MOMENT}  run_started          run 1, version 0.0.0, host h, configuration c, mirrorings none`,
    `2  ${MOMENT}  queued               pg18/app  request 1, session 1, 20 bytes  | ${statement}`,
    `3  ${MOMENT}  mirrored             pg18/app  request 1, match, rows 1, mirror 2.00 ms, primary 1.00 ms, waited 0.01 ms  | ${statement}`,
    `4  ${MOMENT}  queued               pg18/app  request 2, session 1, 20 bytes`,
    `5  ${MOMENT}  errored              pg18/app  request 2, query (compatibility) 42883 no such \\u{1b}[31mfunction, mirror 2.00 ms, primary 1.00 ms, waited 0.01 ms`,
    `6  ${MOMENT}  tallied              pg18/app  2 seen`,
    "",
  ]);
});

test("--json prints JSON lines with names for ids and RFC 3339 for moments", async () => {
  using fixture = await openBusyLog();
  fixture.log.appendBatch([unrecorded(AT, { lane: null, from: AT, to: AT + 1, requests: null, cause: "crash" })]);
  const { stdout } = await run("events", "--json", "--db", fixture.path);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toHaveLength(7);
  expect(lines[2]).toEqual({
    seq: 3,
    at: MOMENT,
    kind: "mirrored",
    request: 1,
    mirroring: "pg18",
    database: "app",
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    statement: fixture.log.reader.statementText(1),
    mirror_us: 2000,
    primary_us: 1000,
    wait_us: 10,
    rows: 1,
    parity: "match",
    root: null,
  });
  expect(lines[3]).toMatchObject({ kind: "queued", fingerprint: null, statement: null });
  expect(lines[6]).toMatchObject({
    kind: "unrecorded",
    mirroring: null,
    requests: null,
    from: MOMENT,
    to: "2023-11-14T22:13:20.123457Z",
  });
});

test("--after, --kind and --limit choose events", async () => {
  using fixture = await openBusyLog();
  const kinds = async (...options: string[]): Promise<unknown[]> => {
    const { stdout } = await run("events", "--json", "--db", fixture.path, ...options);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => /"kind":"(\w+)"/.exec(line)?.[1]);
  };
  expect(await kinds("--after", "4")).toEqual(["errored", "tallied"]);
  expect(await kinds("--limit", "2")).toEqual(["run_started", "queued"]);
  expect(await kinds("--kind", "mirrored", "errored")).toEqual(["mirrored", "errored"]);
  expect(await kinds("--kind", "queued", "--kind", "tallied", "--limit", "2")).toEqual(["queued", "queued"]);
  expect(await kinds("--limit", "0")).toEqual([]);
  expect(await kinds("--after", "6")).toEqual([]);
});

test("a log longer than a page is printed whole", async () => {
  using fixture = await openLogFixture();
  const lane = fixture.log.lanes.register("pg18", "app");
  fixture.log.appendBatch(Array.from({ length: 2500 }, (_, index) => tallied(AT + index, 0, { lane })));
  const { stdout } = await run("events", "--db", fixture.path);
  expect(stdout.trimEnd().split("\n")).toHaveLength(2500);
});

test.each([
  ["--after", "-1"],
  ["--limit", "many"],
  ["--kind", "exploded"],
])("%s %s is a usage error", async (option, value) => {
  const { code, stderr } = await run("events", "--db", "x.db", `${option}=${value}`);
  expect(code).toBe(64);
  expect(stderr).toContain(value);
});

test("a missing log is a clear error", async () => {
  const { code, stderr } = await run("events", "--db", "/nowhere/x.db", "--follow");
  expect(code).toBe(70);
  expect(stderr).toContain("There is no event log at /nowhere/x.db");
});

/** The command in a process of its own, with what it has printed. */
function follow(fixture: LogFixture, ...options: string[]) {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    process.execPath,
    [MAIN, "events", "--follow", "--db", fixture.path, ...options],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => void (printed.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (printed.stderr += chunk.toString()));
  return { child, printed, ended: once(child, "close") };
}

test("--follow prints what is appended and ends well at SIGINT", async () => {
  using fixture = await openBusyLog();
  const { child, printed, ended } = follow(fixture, "--after", "5");
  await waitFor(() => printed.stdout.includes("2 seen"));

  fixture.log.appendBatch([tallied(AT, 33, { lane: 1 })]);
  await waitFor(() => printed.stdout.includes("33 seen"));
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(printed.stdout.trimEnd().split("\n")).toHaveLength(2);
  expect(printed.stderr).toBe("");
});

test("--follow without --after begins at the end of the log and keeps to the kinds", async () => {
  using fixture = await openBusyLog();
  const { child, printed, ended } = follow(fixture, "--kind", "tallied", "--limit", "2");
  const first = async (): Promise<boolean> => {
    fixture.log.appendBatch([skipped(AT, 7, { lane: 1 }), tallied(AT, 7, { lane: 1 })]);
    return printed.stdout.includes("7 seen");
  };
  await waitFor(first);
  await waitFor(first);
  await waitFor(() => child.exitCode !== null);
  expect(await ended).toEqual([0, null]);
  expect(printed.stdout).not.toContain("skipped");
  expect(printed.stdout).not.toContain("2 seen");
});

test("--follow ends when whoever reads its output has gone", async () => {
  using fixture = await openBusyLog();
  const { child, printed, ended } = follow(fixture, "--after", "5");
  await waitFor(() => printed.stdout.includes("2 seen"));
  child.stdout.destroy();
  await waitFor(() => {
    fixture.log.appendBatch([tallied(AT, 1, { lane: 1 })]);
    return child.exitCode !== null;
  });
  expect(await ended).toEqual([0, null]);
  expect(printed.stderr).toBe("");
});

test("--help gives examples", async () => {
  const { code, stdout } = await run("events", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("$ pgsoak events --follow");
});
