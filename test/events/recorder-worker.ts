// The real recorder thread as the main thread starts it, with one-line ways to talk to it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { createHeartbeatBuffer } from "../../src/events/heartbeat.ts";
import type { RecorderCommand, RecorderReport } from "../../src/events/recorder-messages.ts";
import type { RecorderThreadData } from "../../src/events/run-recorder.ts";
import type { Producer } from "./producer.ts";

const ENTRY = new URL("../../src/recorder-thread.ts", import.meta.url);

type Limits = Pick<RecorderThreadData, "retentionMs" | "maxSizeBytes">;

const NO_LIMITS: Limits = { retentionMs: Number.MAX_SAFE_INTEGER, maxSizeBytes: Number.MAX_SAFE_INTEGER };

export class RecorderWorker implements AsyncDisposable {
  readonly reports: RecorderReport[] = [];
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #signal = new SharedArrayBuffer(4);

  /** `change` is to what the thread is started with; nothing is removed without limits of retention. */
  constructor(
    path: string,
    onReport: (report: RecorderReport) => void = () => {},
    change: Partial<
      Pick<RecorderThreadData, "mirrorings" | "idledMs" | "retentionMs" | "maxSizeBytes" | "keptEvents">
    > = {},
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#commands = port1;
    const identity = { version: "0.0.0", host: "h", configHash: "c", mirrorings: [], metricsEnabled: true };
    const life = { heartbeat: createHeartbeatBuffer(), resume: null };
    this.#worker = new Worker(ENTRY, {
      workerData: {
        path,
        synchronous: "normal",
        flushMs: 50,
        ...NO_LIMITS,
        ...identity,
        ...change,
        signal: this.#signal,
        ...life,
        commands: port2,
      } satisfies RecorderThreadData,
      transferList: [port2],
    });
    this.#worker.on("message", (report: RecorderReport) => {
      this.reports.push(report);
      onReport(report);
    });
    this.ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
  }

  /** As a producer does after it has published. */
  wake(): void {
    const cell = new Int32Array(this.#signal);
    Atomics.add(cell, 0, 1);
    Atomics.notify(cell, 0);
  }

  send(command: RecorderCommand, transfer: MessagePort[] = []): void {
    this.#commands.postMessage(command, transfer);
    this.wake();
  }

  attach({ thread, shared, port }: Producer): void {
    this.send({ type: "attach", thread, ring: shared, port }, [port]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#commands.close();
    await this.#worker.terminate();
  }
}
