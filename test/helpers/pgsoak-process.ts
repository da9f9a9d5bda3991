// pgsoak as its users run it: a child process with a configuration file and a folder of its own, for tests of signals,
// crashes and exit codes. It ends with the test run, whatever ends that.

import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { type ProcessWatchdog, startProcessWatchdog } from "../../src/demo/process-watchdog.ts";
import { type ConfigTables, configText, type ListenPorts } from "./config-text.ts";
import { waitFor } from "./wait-for.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;
const PORT_ATTEMPTS_MAX = 10;

export interface PgsoakProcessOptions {
  readonly tables: ConfigTables;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user instead of ours: root isn't stopped by permissions. */
  readonly uid?: number;
  /** File descriptor for its standard output, instead of what output() gives. */
  readonly stdout?: number;
}

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class PgsoakProcess implements AsyncDisposable {
  /** Holds `pgsoak.toml`, `pgsoak.db` and `output`. */
  readonly folder: string;
  readonly ports: ListenPorts;
  readonly #options: PgsoakProcessOptions;
  readonly #watchdog: ProcessWatchdog;
  #child: ChildProcess | null = null;
  /** Where the output of its present life begins. */
  #lifeStart = 0;
  /** It has ended and all of its output is kept. */
  #closed = true;

  constructor(options: PgsoakProcessOptions, folder: string, watchdog: ProcessWatchdog, ports: ListenPorts) {
    this.folder = folder;
    this.ports = ports;
    this.#options = options;
    this.#watchdog = watchdog;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get proxy(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.ports.proxy };
  }

  get configFile(): string {
    return join(this.folder, "pgsoak.toml");
  }

  get logFile(): string {
    return join(this.folder, "pgsoak.db");
  }

  /** URL of a path of the API. */
  api(path: string): string {
    return `http://127.0.0.1:${this.ports.api}${path}`;
  }

  /** Everything it has printed on both streams, in all of its lives. */
  output(): string {
    return readFileSync(join(this.folder, "output"), "utf8");
  }

  /** Writes the configuration file anew; a running process reads it at SIGHUP. */
  configure(tables: ConfigTables): void {
    writeFileSync(this.configFile, configText(tables, this.folder, this.ports), { mode: 0o600 });
  }

  /** Starts it, or starts it again after its end. Returns the process without waiting for it to be ready. */
  launch(): ChildProcess {
    const { uid, env, stdout = "pipe" } = this.#options;
    const child = spawn(process.execPath, [MAIN, "serve", "--config", this.configFile], {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      cwd: this.folder,
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", stdout, "pipe"],
    });
    const output = join(this.folder, "output");
    const keep = (chunk: Buffer): void => writeFileSync(output, chunk, { flag: "a" });
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    this.#child = child;
    this.#lifeStart = this.output().length;
    this.#closed = false;
    child.once("close", () => (this.#closed = true));
    this.#watchdog.guard(child.pid ?? null);
    child.once("exit", () => this.#watchdog.guard(null));
    return child;
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const child = this.launch();
    await waitFor(() => this.#closed || this.#isReady(), { timeoutMs: READY_TIMEOUT_MS, message: "pgsoak is ready" });
    if (!this.#closed) return;
    throw new Error(`pgsoak ended (${child.exitCode ?? child.signalCode}) instead of starting:\n${this.output()}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Waits for its end. */
  async ended(): Promise<ProcessEnd> {
    const child = this.#child;
    if (child === null) throw new Error("it was never started");
    await waitFor(() => this.#closed, { timeoutMs: STOP_TIMEOUT_MS, message: "pgsoak ends" });
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Asks it to stop and waits for its end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProcessEnd> {
    this.signal(signal);
    return await this.ended();
  }

  /** SIGKILL, as in a crash. The folder stays: start() begins the next life. */
  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) await this.kill();
    await this.#watchdog.release();
  }

  /** Its own word: the API answers before the first client can connect. */
  #isReady(): boolean {
    return this.output().slice(this.#lifeStart).includes('"msg":"ready"');
  }
}

/** Makes the folder, the ports and the configuration; nothing is started yet. */
export async function preparePgsoakProcess(options: PgsoakProcessOptions): Promise<PgsoakProcess> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-process-"));
  const watchdog = startProcessWatchdog(folder);
  const ports = { proxy: await freePort(), api: await freePort(), admin: await freePort() };
  const made = new PgsoakProcess(options, folder, watchdog, ports);
  made.configure(options.tables);
  writeFileSync(join(folder, "output"), "");
  if (options.uid !== undefined) {
    for (const path of [folder, made.configFile]) chownSync(path, options.uid, options.uid);
  }
  return made;
}

/** A running pgsoak that answers. */
export async function startPgsoakProcess(options: PgsoakProcessOptions): Promise<PgsoakProcess> {
  for (let attempt = 1; ; attempt++) {
    const made = await preparePgsoakProcess(options);
    try {
      await made.start();
      return made;
    } catch (error) {
      const portTaken = /in use|EADDRINUSE/.test(made.output());
      await made[Symbol.asyncDispose]();
      if (!portTaken || attempt === PORT_ATTEMPTS_MAX) throw error;
    }
  }
}
