// Lists and signals the direct children of a process: a PostgreSQL server is its postmaster and a child for each
// session, every one in a process group of its own, so that no single signal reaches them all.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Process ids of the direct children of `pid`; empty when it has none or is gone. */
export function childProcesses(pid: number): number[] {
  const words = listing(pid).split(/\s+/);
  return words.filter((word) => word !== "").map(Number);
}

function listing(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    // No procfs (macOS), or the process is gone: pgrep then finds nothing and says so with exit code 1.
  }
  try {
    return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

/** Sends a signal to each; those that are gone meanwhile don't matter. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}
