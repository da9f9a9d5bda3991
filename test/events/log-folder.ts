// A folder of its own for the log of one test, gone at its end.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface LogFolder extends Disposable {
  readonly folder: string;
  /** Of the log; nothing is there yet. */
  readonly path: string;
}

export function logFolder(): LogFolder {
  const folder = mkdtempSync(join(tmpdir(), "pgsoak-events-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, path: join(folder, "pgsoak.db"), [Symbol.dispose]: remove };
}
