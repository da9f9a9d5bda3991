// One life of the recorder thread as the main thread sees it: what it is told, what it says, how it ends.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { messageOf, PgsoakError } from "../errors.ts";
import type { RecorderCommand, RecorderReport } from "../events/recorder-messages.ts";
import type { RecorderThreadData } from "../events/run-recorder.ts";

/** What it says while it lives. */
export type LifeReport = Extract<RecorderReport, { type: "recording" | "log" | "appended" | "rebuilding" }>;

export class RecorderLife {
  /** The run that it writes. Rejects when it ends before; with a PgsoakError when it said why. */
  readonly ready: Promise<number>;
  /** Resolves with the reason when the thread has ended, also after it was told to stop. */
  readonly ended: Promise<string>;
  readonly #worker: Worker;
  readonly #commands: MessagePort;

  constructor(entry: URL, data: Omit<RecorderThreadData, "commands">, onReport: (report: LifeReport) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#commands = port1;
    const workerData: RecorderThreadData = { ...data, commands: port2 };
    this.#worker = new Worker(entry, { workerData, transferList: [port2] });
    const ready = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<string>();
    let reason: Error | null = null;
    this.#worker.on("message", (report: RecorderReport) => {
      if (report.type === "ready") ready.resolve(report.run);
      else if (report.type === "failed") reason = new PgsoakError(report.code, report.message);
      else if (report.type !== "stopped") onReport(report);
    });
    this.#worker.on("error", (error) => (reason = error instanceof Error ? error : new Error(messageOf(error))));
    this.#worker.on("exit", (code) => {
      reason ??= new Error(`the recorder ended with code ${code}`);
      ready.reject(reason);
      ended.resolve(reason.message);
    });
    // Nobody may be waiting for it any more.
    ready.promise.catch(() => {});
    this.ready = ready.promise;
    this.ended = ended.promise;
  }

  send(command: RecorderCommand, transfer: MessagePort[]): void {
    this.#commands.postMessage(command, transfer);
  }

  async terminate(): Promise<void> {
    this.#commands.close();
    await this.#worker.terminate();
  }
}
