// `pgsoak demo` as people run it: for some seconds, ended by a signal, killed; it may leave nothing behind.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempDisposableSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { runProgram } from "../../src/cli/program.ts";
import { BROKEN_BY_UPGRADE } from "../../src/demo/workload.ts";
import { statsJsonSchema } from "../../src/projections/stats-json.ts";
import { waitFor } from "../helpers/wait-for.ts";

const summarySchema = z.strictObject({
  seconds: z.number(),
  total: statsJsonSchema.shape.total,
  mirrorFailures: z.array(
    z.object({
      statement: z.string(),
      requests: z.int(),
      category: z.string(),
      sqlstate: z.string(),
      message: z.string(),
    }),
  ),
});

/** Two servers and a workload take a second, and many where other work has the processors. */
const FIRST_LINE = { message: "the first live line", timeoutMs: 20_000 };

interface Demo {
  readonly child: ChildProcess;
  /** The only folder it may write to. */
  readonly folder: string;
  output(): string;
}

/** Runs `work` beside a demo that is up; the folder must be empty when it has ended. */
async function withDemo(args: readonly string[], work: (demo: Demo) => Promise<void>): Promise<void> {
  using temporary = mkdtempDisposableSync(join(tmpdir(), "pgsoak-demo-test-"));
  // As root the servers run as nobody, who must get through.
  chmodSync(temporary.path, 0o711);
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/main.ts"), "demo", ...args], {
    env: { ...process.env, TMPDIR: temporary.path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  try {
    await work({ child, folder: temporary.path, output: () => output });
    await waitFor(() => readdirSync(temporary.path).length === 0, { message: "the demo's folders are gone" });
  } finally {
    child.kill("SIGKILL");
  }
}

async function exitOf({ child }: Demo): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return child.exitCode;
}

/** Listens on a port, unless somebody does already. */
async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once("error", () => resolve());
    server.listen(port, "127.0.0.1", () => resolve());
  });
  return server;
}

test("a bounded demo mirrors a workload, balances its books and names the statement that 18 refuses", async () => {
  let stdout = "";
  const write = (text: string): void => void (stdout += text);
  expect(await runProgram(["demo", "--seconds", "2", "--json"], { stdout: write, stderr: write, env: {} })).toBe(0);

  const { total, mirrorFailures } = summarySchema.parse(JSON.parse(stdout));
  expect(total.requests_mirrored).toBeGreaterThan(50);
  expect(total.parity).toMatchObject({ different_rows: 0, different_error: 0, primary_failed: 0 });
  expect(total.parity.both_failed).toBeGreaterThan(0);
  expect(total).toMatchObject({ requests_dropped: 0, requests_skipped: 0, requests_in_flight: 0 });
  expect(total.requests_total).toBe(total.requests_mirrored + total.requests_errored);
  expect(mirrorFailures).toEqual([
    expect.objectContaining({ sqlstate: "42703", category: "query", requests: total.requests_errored }),
  ]);
  expect(mirrorFailures[0]!.statement.toLowerCase()).toBe(BROKEN_BY_UPGRADE.toLowerCase());
});

test("a second demo beside the first takes other ports, prints where it is and ends at Ctrl-C with 0", async () => {
  await using _proxyPort = await occupy(6432);
  await using _apiPort = await occupy(9090);
  await withDemo([], async (demo) => {
    await waitFor(() => / 1 s {3}requests \d/.test(demo.output()), FIRST_LINE);
    const port = /psql -h 127\.0\.0\.1 -p (\d+) -U postgres bank/.exec(demo.output())?.[1];
    expect(port).not.toBe("6432");
    const metrics = /http:\S+\/metrics/.exec(demo.output())![0];
    expect((await fetch(metrics)).status).toBe(200);
    const [, log = ""] = /Event log: +(\S+)/.exec(demo.output()) ?? [];
    let report = "";
    const write = (text: string): void => void (report += text);
    // A second of traffic on a busy machine may be slow, or hold an error among few requests.
    expect(await runProgram(["report", "--db", log], { stdout: write, stderr: write, env: {} })).toBeOneOf([1, 2]);
    expect(report).toContain("Mirror migration readiness");
    demo.child.kill("SIGINT");
    expect(await exitOf(demo)).toBe(0);
    expect(demo.output()).toContain("Works on the primary, fails on the mirror:");
    expect(demo.output().toLowerCase()).toContain(BROKEN_BY_UPGRADE.toLowerCase());
    expect(readdirSync(demo.folder)).toEqual([]);
  });
});

test("Ctrl-C while the servers start ends the demo with 0", async () => {
  await withDemo([], async (demo) => {
    await waitFor(() => demo.output().includes("Starting"));
    demo.child.kill("SIGINT");
    expect(await exitOf(demo)).toBe(0);
    expect(readdirSync(demo.folder)).toEqual([]);
  });
});

test("a demo that is killed takes its servers and folders with it", async () => {
  await withDemo([], async (demo) => {
    await waitFor(() => / 1 s {3}requests \d/.test(demo.output()), FIRST_LINE);
    expect(readdirSync(demo.folder)).toHaveLength(3);
    demo.child.kill("SIGKILL");
    expect(await exitOf(demo)).toBeNull();
  });
});

test.each(["0", "-1", "soon", "1e9"])("--seconds %s is a usage error", async (seconds) => {
  let stderr = "";
  const streams = { stdout: () => {}, stderr: (text: string) => void (stderr += text), env: {} };
  expect(await runProgram(["demo", "--seconds", seconds], streams)).toBe(64);
  expect(stderr).toContain("--seconds");
});
