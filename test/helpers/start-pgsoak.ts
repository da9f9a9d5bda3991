// pgsoak inside the test's own process, on ports that the system chooses, with a log in a folder of its own.

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createLog } from "../../src/log.ts";
import { type Service, type ServiceAddress, startService } from "../../src/service.ts";
import { type ConfigTables, configText } from "./config-text.ts";

export interface StartPgsoakOptions {
  /** Where the event log lives, and stays: for a second life on the same log. Default: a folder that goes at the end. */
  readonly folder?: string;
}

export class RunningPgsoak implements AsyncDisposable {
  readonly service: Service;
  /** Where clients connect. */
  readonly proxy: ServiceAddress;
  /** The event log, `pgsoak.db`. */
  readonly logFile: string;
  readonly #lines: readonly string[];
  readonly #removeFolder: () => void;

  constructor(service: Service, folder: string, lines: readonly string[], removeFolder: () => void) {
    this.service = service;
    this.proxy = service.addresses.proxy;
    this.logFile = join(folder, "pgsoak.db");
    this.#lines = lines;
    this.#removeFolder = removeFolder;
  }

  /** URL of a path of the API. */
  api(path: string): string {
    const { host, port } = this.service.addresses.api;
    return `http://${host}:${port}${path}`;
  }

  /** Where psql finds the console. */
  get admin(): ServiceAddress {
    return this.service.addresses.admin;
  }

  /** The lines of the process's log, as text. */
  log(): readonly string[] {
    return this.#lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop();
    this.#removeFolder();
  }
}

/** Starts it and returns when it accepts clients. Secrets in `tables` are given as they would be in the file. */
export async function startPgsoak(tables: ConfigTables, options: StartPgsoakOptions = {}): Promise<RunningPgsoak> {
  const folder = options.folder ?? mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-test-"));
  const removeFolder = (): void => {
    if (options.folder === undefined) rmSync(folder, { recursive: true });
  };
  try {
    const text = configText(tables, folder, { proxy: 0, api: 0, admin: 0 });
    const config = parseConfig(text, { file: join(folder, "pgsoak.toml"), env: {}, allowPortZero: true });
    const lines: string[] = [];
    const log = createLog({ level: "debug", destination: { write: (line) => lines.push(line) } });
    return new RunningPgsoak(await startService(config, log), folder, lines, removeFolder);
  } catch (error) {
    removeFolder();
    throw error;
  }
}
