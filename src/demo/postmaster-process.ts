// One PostgreSQL server process over an existing data folder: started, suspended, killed, stopped and started again on
// the same port. Readiness is read from postmaster.pid, as pg_ctl does.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PgsoakError } from "../errors.ts";
import { childProcesses, signalAll } from "./child-processes.ts";
import type { PostgresOwner } from "./postgres-binaries.ts";
import { serverEnvironment } from "./postgres-cluster.ts";

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 10;
const LOG_CHARACTERS_MAX = 65_536;

export interface PostmasterOptions {
  readonly binaries: string;
  /** Where the log goes. */
  readonly folder: string;
  readonly dataFolder: string;
  readonly owner: PostgresOwner | null;
  readonly port: number;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Told which process must end if we die. */
  readonly guard: (pid: number | null) => void;
}

/** The port belongs to somebody else. */
export class AddressInUseError extends PgsoakError {
  constructor(port: number) {
    super("address_in_use", `port ${port} is in use`);
    this.name = "AddressInUseError";
  }
}

export class PostmasterProcess {
  readonly port: number;
  readonly #options: PostmasterOptions;
  #child: ChildProcess | null = null;
  #suspended = false;

  constructor(options: PostmasterOptions) {
    this.#options = options;
    this.port = options.port;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  log(): string {
    return readFileSync(join(this.#options.folder, "log"), "utf8").slice(-LOG_CHARACTERS_MAX);
  }

  /** Returns when the server accepts connections. */
  async start(): Promise<void> {
    const { binaries, folder, dataFolder, owner, settings, guard } = this.#options;
    const set = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const logFile = openSync(join(folder, "log"), "w");
    // Detached: an interrupt typed at the terminal must reach us alone, who end the servers last.
    const child = spawn(join(binaries, "bin", "postgres"), ["-D", dataFolder, "-p", String(this.port), ...set], {
      ...owner,
      cwd: folder,
      env: serverEnvironment(),
      detached: true,
      stdio: ["ignore", "ignore", logFile],
    });
    closeSync(logFile);
    child.once("error", () => {}); // seen below as a child without a pid
    if (child.pid === undefined) throw new PgsoakError("unavailable", `can't run ${binaries}/bin/postgres`);
    this.#child = child;
    guard(child.pid);
    child.once("exit", () => {
      this.#child = null;
      guard(null);
    });
    child.unref();
    await this.#ready(child.pid);
  }

  suspend(): void {
    if (this.pid === null) throw new Error("the server doesn't run");
    this.#suspended = true;
    // The postmaster first: then there is nobody left who starts a new child.
    signalAll([this.pid], "SIGSTOP");
    signalAll(childProcesses(this.pid), "SIGSTOP");
  }

  resume(): void {
    if (this.pid === null || !this.#suspended) return;
    this.#suspended = false;
    signalAll([...childProcesses(this.pid), this.pid], "SIGCONT");
  }

  async kill(): Promise<void> {
    if (this.#child === null || this.pid === null) return;
    this.#suspended = false;
    const gone = exitOf(this.#child);
    signalAll([this.pid], "SIGSTOP");
    const children = childProcesses(this.pid);
    signalAll([...children, this.pid], "SIGKILL");
    await gone;
    // Orphans are dead but may still hold the shared memory for a moment, which a restart would trip over.
    await until(() => children.every(isGone), STOP_TIMEOUT_MS);
  }

  /** Fast shutdown; harder when it isn't heard. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || this.pid === null) return;
    const gone = exitOf(child);
    signalAll([this.pid], "SIGINT");
    this.resume();
    const stopped = await Promise.race([gone.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
    if (!stopped) await this.kill();
  }

  async #ready(pid: number): Promise<void> {
    const settled = await until(() => this.pid !== pid || this.#isReady(pid), START_TIMEOUT_MS);
    if (settled && this.pid === pid) return;
    const log = this.log();
    await this.kill();
    if (/could not bind .*Address already in use/.test(log)) throw new AddressInUseError(this.port);
    throw new PgsoakError("unavailable", `PostgreSQL didn't start:\n${log.trim()}`);
  }

  /** The first line is the process id (an old file may be there), the eighth its state: "ready" or "standby". */
  #isReady(pid: number): boolean {
    try {
      const lines = readFileSync(join(this.#options.dataFolder, "postmaster.pid"), "utf8").split("\n");
      return lines[0] === String(pid) && /^(ready|standby)/.test(lines[7] ?? "");
    } catch {
      return false; // not written yet
    }
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  child.ref();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Whether a process has ended; one that waits for its parent to notice (a zombie) has. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}
