// Starts and ends records-load.ts in a process of its own.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { RecorderReport } from "../../src/events/recorder-messages.ts";
import { waitFor } from "../helpers/wait-for.ts";

export interface LoadOptions {
  /** The log is kept at this size; when absent, nothing is removed. */
  readonly maxSizeBytes?: number;
  /** Of each of two producers, every 2 ms at most; when absent, as many as the recorder keeps up with. */
  readonly requestsPerTurn?: number;
}

export class LoadProcess implements AsyncDisposable {
  readonly reports: RecorderReport[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;

  private constructor(path: string, { maxSizeBytes = Number.MAX_SAFE_INTEGER, requestsPerTurn }: LoadOptions) {
    const program = fileURLToPath(new URL("./records-load.ts", import.meta.url));
    const argv = [program, path, `${maxSizeBytes}`, `${requestsPerTurn ?? ""}`];
    this.#child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
    this.#exited = once(this.#child, "exit");
    createInterface(this.#child.stdout).on("line", (line) => this.reports.push(JSON.parse(line)));
  }

  /** Starts it and waits for its first report. */
  static async start(path: string, options: LoadOptions = {}): Promise<LoadProcess> {
    const load = new LoadProcess(path, options);
    await waitFor(() => load.reports.length > 0);
    return load;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Lets it finish what is in flight and stop. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
