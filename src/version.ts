// The version of pgsoak, as its package says: in the log of every run, in metrics, in `--version`.

import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { z } from "zod";

export const VERSION = readVersion();

/** Of the nearest package.json, so that it is right in the source tree and in what is built from it. */
function readVersion(): string {
  const file = findPackageJSON(import.meta.url);
  if (file === undefined) throw new Error("pgsoak was moved out of its package: there is no package.json above it");
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}
