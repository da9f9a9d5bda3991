// A configuration in a folder of its own, removed at the end of the test.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { PgsoakError } from "../../src/errors.ts";

/** Nine lines that are right: what a test adds begins at line 10. */
export const BASE = `[[databases]]
name = "app"
host = "db1"
[[databases]]
name = "candidate"
host = "db2"
[[mirroring]]
source_db = "app"
destination_db = "candidate"
`;

export class ConfigFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "pgsoak-config-"));

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** Loads `pgsoak.toml` with this text, by its relative path. */
  load(toml: string, env: NodeJS.ProcessEnv = {}): Config {
    this.write("pgsoak.toml", toml);
    return loadConfig({ path: "./pgsoak.toml", env, cwd: this.path });
  }

  /** The lines of the error that the text gives. */
  mistakes(toml: string, env: NodeJS.ProcessEnv = {}): string[] {
    try {
      this.load(toml, env);
    } catch (error) {
      if (error instanceof PgsoakError && error.code === "config_invalid") return error.message.split("\n");
      throw error;
    }
    return [];
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
