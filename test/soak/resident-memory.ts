// How much memory a process holds while something goes on: its greatest resident set, looked at many times a second.

import { readFileSync } from "node:fs";

const INTERVAL_MS = 20;

export class ResidentMemory implements Disposable {
  /** Bytes. */
  peak = 0;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.look();
    this.#timer = setInterval(() => this.look(), INTERVAL_MS);
  }

  look(): void {
    this.peak = Math.max(this.peak, residentBytes(this.#pid));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What `ps` calls RSS. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
