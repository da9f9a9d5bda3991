// Certificates and keys stand in files of their own. They are read with the configuration, so that a broken one is a
// mistake like any other, and threads that carry traffic never touch the disk.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../errors.ts";
import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";

/** Blocks of files that were put together, where one ended without a line end: OpenSSL stumbles over that. */
const GLUED = /-----[ \t]*-----(?=BEGIN )/g;

/** A file of PEM blocks as it was when the configuration was read. */
export interface PemFile {
  /** Absolute. */
  readonly path: string;
  /** What stands in it: a key is a secret. */
  readonly pem: string;
}

/** The file that the setting at `path` names, or null where it names none or one that can't be read. */
export function readPemFile(name: string | null, path: KeyPath, directory: string, mistakes: Mistakes): PemFile | null {
  if (name === null) return null;
  try {
    const file = resolve(directory, name);
    return { path: file, pem: readFileSync(file, "utf8").replace(GLUED, "-----\n-----") };
  } catch (error) {
    mistakes.add(path, `cannot read the file: ${messageOf(error)}`);
    return null;
  }
}
