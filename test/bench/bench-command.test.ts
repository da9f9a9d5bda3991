// `pgsoak bench` as people run it: a short real run, its figures, a signal, and nothing left behind.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempDisposableSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { type BenchResult, type Measurement } from "../../src/bench/bench.ts";
import { benchFigures, benchReportText } from "../../src/bench/bench-report.ts";
import { thisMachine } from "../../src/bench/machine.ts";
import { VERSION } from "../../src/version.ts";
import { waitFor } from "../helpers/wait-for.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

const figureSchema = z.strictObject({
  name: z.string(),
  unit: z.string(),
  median: z.number(),
  min: z.number(),
  max: z.number(),
});
const reportSchema = z.strictObject({
  version: z.literal(VERSION),
  machine: z.strictObject({
    cpus: z.int().positive(),
    model: z.string(),
    memory_bytes: z.int(),
    system: z.string(),
    node: z.string(),
  }),
  settings: z.strictObject({
    clients: z.literal(2),
    rounds: z.literal(1),
    seconds: z.literal(0.2),
    rate: z.number().positive(),
  }),
  figures: z.array(figureSchema),
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it with a folder that must be empty at the end, as must the group of its processes be. `onOutput` may end it. */
async function bench(args: readonly string[], interruptAt?: (folders: readonly string[]) => boolean): Promise<Ran> {
  using temporary = mkdtempDisposableSync(join(tmpdir(), "pgsoak-bench-test-"));
  // As root the servers run as nobody, who must get through.
  chmodSync(temporary.path, 0o711);
  const child = spawn(process.execPath, [MAIN, "bench", ...args], {
    env: { ...process.env, TMPDIR: temporary.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close");
  try {
    if (interruptAt !== undefined) {
      await waitFor(() => interruptAt(readdirSync(temporary.path)), { timeoutMs: 60_000, message: "it is measuring" });
      child.kill("SIGINT");
    }
    await ended;
    expect(readdirSync(temporary.path)).toEqual([]);
    return { code: child.exitCode, stdout, stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

test("a short run has every figure, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await bench(["--seconds", "0.2", "--clients", "2", "--rounds", "1", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const { figures } = reportSchema.parse(JSON.parse(stdout));
  const names = figures.map(({ name }) => name);
  for (const way of ["direct:", "relay ÷ direct:", "mirrored ÷ direct:", "hung ÷ direct:"]) {
    for (const what of ["throughput", "median latency", "p95 latency", "p99 latency"])
      expect(names).toContain(`${way} ${what}`);
  }
  if (process.platform === "linux") expect(names).toContain("mirrored ÷ relay: CPU per request");
  for (const { median, min, max } of figures)
    expect([min <= median, median <= max, min >= 0]).toEqual([true, true, true]);
  // The mirror was there, and what it was asked counts.
  expect(figures.at(-1)).toMatchObject({ name: "mirrored: share that the mirror finished" });
  expect(figures.at(-1)!.median).toBeGreaterThan(0.5);
}, 120_000);

test("Ctrl-C ends it in the middle with 1, and leaves nothing behind", async () => {
  const isUp = (folders: readonly string[]): boolean => folders.some((name) => name.startsWith("pgsoak-bench-"));
  const { code, stdout, stderr } = await bench(["--seconds", "60"], isUp);
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: "pgsoak: stopped; nothing was measured\n" });
}, 120_000);

const measured = (perSecond: number, ms: number, cpuUs: number | null): Measurement => {
  return { perSecond, medianMs: ms, p95Ms: 2 * ms, p99Ms: 3 * ms, cpuUs, mirroredShare: null };
};

/** Two rounds; in the second the machine was half as fast. */
const RESULT: BenchResult = {
  rate: 500,
  rounds: [1, 2].map((slow) => ({
    direct: measured(20_000 / slow, 0.2 * slow, null),
    relay: measured(15_000 / slow, 0.3 * slow, 25 * slow),
    mirrored: { ...measured(10_000 / slow, 0.4 * slow, 50 * slow), mirroredShare: 1 },
    hung: measured(12_000 / slow, 0.3 * slow, 40 * slow),
  })),
};

test("ratios are made within a round, so that a machine that slows down changes none of them", () => {
  const ratios = benchFigures(RESULT).filter(({ unit, name }) => unit === "" && name.includes("÷"));
  expect(ratios).toHaveLength(14);
  for (const { name, min, max } of ratios) expect([name, max - min]).toEqual([name, expect.closeTo(0, 10)]);
  expect(ratios.find(({ name }) => name === "relay ÷ direct: throughput")?.median).toBeCloseTo(0.75);
  expect(ratios.find(({ name }) => name === "mirrored ÷ relay: CPU per request")?.median).toBeCloseTo(2);
});

test("where the system does not tell processor time, nothing is said of it", () => {
  const rounds = RESULT.rounds.map((round) => ({ ...round, relay: { ...round.relay, cpuUs: null } }));
  const without = rounds.map((round) => ({
    ...round,
    mirrored: { ...round.mirrored, cpuUs: null },
    hung: { ...round.hung, cpuUs: null },
  }));
  expect(benchFigures({ ...RESULT, rounds: without }).some(({ name }) => name.includes("CPU"))).toBe(false);
});

test("the text has the machine, the version and one line for each figure with its spread", () => {
  const figures = benchFigures(RESULT);
  const settings = { clients: 8, rounds: 2, seconds: 4, rate: 500 };
  const text = benchReportText({ version: "1.2.3", machine: thisMachine(), settings, figures });
  const [first = "", second = "", , ...lines] = text.trimEnd().split("\n");
  expect(first).toMatch(/^pgsoak 1\.2\.3 on \d+ × .*, [\d.]+ GiB, .*, Node\.js \d+/);
  expect(second).toMatch(/^8 clients, 2 rounds of 4 s each way; latencies at 500 requests\/s/);
  expect(lines).toHaveLength(figures.length);
  for (const line of lines)
    expect(line).toMatch(/^(direct|relay|mirrored|hung).*: .* {2}[\d.,]+(\/s| ms| µs)? {2}\([\d.,]+ to [\d.,]+\)$/);
});
