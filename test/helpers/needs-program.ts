// Tests that need a program of the system leave themselves out where it is absent, with one line that says so. Where a
// variable demands it (REQUIRE_PROMETHEUS=1, as .ci/run does), its absence is a failure instead.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether `program` is in the PATH. */
function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** True where the tests are to be left out. `variable` is the one that demands the program. */
export function lacksProgram(program: string, variable: string): boolean {
  if (isInstalled(program)) return false;
  if (process.env[variable] === "1") throw new Error(`${variable}=1, and ${program} is not installed`);
  process.stderr.write(`left out: tests that need ${program}, which is not installed\n`);
  return true;
}
