// The processor time that a process has used, all of its threads together.

import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second wherever it runs (sysconf(_SC_CLK_TCK), proc(5)). */
const TICKS_PER_SECOND = 100;

/** User and system time of `pid` since it started, in microseconds. */
export function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold anything; fields are counted behind it. utime is the 14th, stime the 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}
