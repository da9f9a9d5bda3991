// The long proof in short: a load of everything that clients do, with and without faults, where every failure in the log
// must have a reason that was put in. `node test/soak/mixed-soak.ts --requests 100000` runs it as long as one likes.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../soak/mixed-soak.ts");
const TIMEOUT_MS = 120_000;

/** Runs the soak in a process of its own, as its users do; its servers end with it. */
async function soak(...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...options], { timeout: TIMEOUT_MS });
  return stdout;
}

test(
  "a third of a mixed load, with faults, drops and a mirror that goes away, has no failure that nobody put in",
  async () => {
    const seed = String(1 + Math.floor(Math.random() * 1_000_000));
    const report = await soak("--requests", "6000", "--outages", "2", "--seed", seed);
    expect(report).toMatch(/^unexplained = 0$/m);
  },
  TIMEOUT_MS,
);

test(
  "all of a mixed load, with no faults, ends alike on both sides and leaves the same rows",
  async () => {
    const report = await soak("--requests", "4000", "--exposure", "1", "--quiet", "--compare", "content");
    expect(report).toMatch(/^unexplained = 0$/m);
  },
  TIMEOUT_MS,
);
