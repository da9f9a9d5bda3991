// Secrets that stand in a file of their own: the usual way in containers, and out of reach of whoever reads the
// configuration.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../errors.ts";
import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";

/** A secret, given directly or as a file; at most one of them. */
export interface GivenSecret {
  readonly value: string | null;
  readonly file: string | null;
}

/**
 * The secret at `path` (say `api.token`), whose file is named by the same key with `_file`. Relative files are looked
 * up from `directory`. One line end at the end of the file is not part of the secret.
 */
export function readSecret(given: GivenSecret, path: KeyPath, directory: string, mistakes: Mistakes): string | null {
  if (given.file === null) return given.value;
  const filePath = [...path.slice(0, -1), `${path.at(-1)}_file`];
  if (given.value !== null) {
    mistakes.add(filePath, `contradicts ${mistakes.refer(path)}: give one of them`);
    return given.value;
  }
  try {
    const secret = readFileSync(resolve(directory, given.file), "utf8").replace(/\r?\n$/, "");
    if (secret === "") mistakes.add(filePath, `the file ${JSON.stringify(given.file)} is empty`);
    return secret;
  } catch (error) {
    mistakes.add(filePath, `cannot read the file: ${messageOf(error)}`);
    return null;
  }
}
