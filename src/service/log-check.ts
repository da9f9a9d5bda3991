// The check of the whole log that follows a start: in a thread of its own, once, and told in the process's log, in
// /healthz and as a metric. It never changes the log, and what it finds stops nothing.

import { Worker } from "node:worker_threads";
import type { LogCheckStatus } from "../api/live-status.ts";
import { messageOf } from "../errors.ts";
import type { LogCheckReport } from "../events/check-log.ts";
import type { Log } from "../log.ts";
import { endWorker } from "./end-worker.ts";
import { workerUrl } from "./worker-url.ts";

/** A start is busy enough without it. */
const BEGIN_MS = 1000;
const AGAIN_MS = 60_000;

const WHAT_TO_DO =
  "Recording goes on, but what the log says of these places can't be trusted. Stop pgsoak and restore the log from a backup, " +
  "or move it away to begin a new one; check the disk and the memory of the machine first.";

export interface LogCheckThreadData {
  readonly path: string;
}

/** What the thread says before it ends. */
export type LogCheckResult =
  | { readonly type: "checked"; readonly report: LogCheckReport }
  /** It could not be read now, for a reason that is not in the file. */
  | { readonly type: "failed"; readonly cause: string };

export class LogCheck {
  readonly #path: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout;
  #worker: Worker | null = null;
  #startedMs = 0;
  #status: LogCheckStatus = { state: "checking", damage: "" };

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#timer = setTimeout(() => this.#begin(), BEGIN_MS);
  }

  get status(): LogCheckStatus {
    return this.#status;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) await endWorker(worker);
  }

  #begin(): void {
    this.#startedMs = performance.now();
    const worker = new Worker(workerUrl("log-check-thread"), {
      workerData: { path: this.#path } satisfies LogCheckThreadData,
    });
    let result: LogCheckResult = { type: "failed", cause: "the thread ended without a word" };
    worker.on("message", (said: LogCheckResult) => (result = said));
    worker.on("error", (error) => (result = { type: "failed", cause: messageOf(error) }));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#ended(result);
    });
    this.#worker = worker;
  }

  #ended(result: LogCheckResult): void {
    this.#worker = null;
    if (result.type === "failed") {
      this.#log.warn("the event log could not be checked", { cause: result.cause });
      this.#timer = setTimeout(() => this.#begin(), AGAIN_MS);
      return;
    }
    const { events, findings } = result.report;
    if (findings.length === 0) {
      const seconds = Math.round((performance.now() - this.#startedMs) / 1000);
      this.#status = { state: "ok", damage: "" };
      this.#log.info("the event log is sound", { events, seconds });
    } else {
      this.#status = { state: "damaged", damage: `${findings.join("; ")}. ${WHAT_TO_DO}` };
      this.#log.error("the event log is damaged", { findings, do: WHAT_TO_DO });
    }
  }
}
