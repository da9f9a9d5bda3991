// Where Debian keeps the programs that the bench measures against.

import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Full path of `name`, or null. PostgreSQL's own come without the wrapper that would start Perl first. */
export function findProgram(name: string): string | null {
  const folders = [
    ...globSync("/usr/lib/postgresql/*/bin").sort().toReversed(),
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
  ];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
