// The main thread's hold on the recorder thread: starts it, wakes it, hears how recording goes, stops it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { RecordingStatus } from "../api/live-status.ts";
import type { Config } from "../config/config.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import type { RecorderCommand, RecorderReport } from "../events/recorder-messages.ts";
import type { Log } from "../log.ts";
import { workerUrl } from "./worker-url.ts";

/** What was recorded must reach the file; a disk that hangs must not keep the process for ever. */
const STOP_MS = 10_000;

export interface RecorderIdentity {
  readonly version: string;
  readonly host: string;
  readonly configHash: string;
}

export class RecorderHandle {
  /** Producers bump and notify it after they published. */
  readonly signal: SharedArrayBuffer;
  /** The number of the run that it writes. */
  readonly run: number;
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #stopped: Promise<void>;
  #stopping = false;
  #status: RecordingStatus = { state: "ok", cause: "" };

  private constructor(worker: Worker, commands: MessagePort, signal: SharedArrayBuffer, run: number, log: Log) {
    this.signal = signal;
    this.run = run;
    this.#worker = worker;
    this.#commands = commands;
    this.#stopped = new Promise((resolve) => {
      worker.on("message", (report: RecorderReport) => {
        if (report.type === "recording") this.#recordingChanged(report, log);
        else if (report.type === "log") log[report.level](report.message, report.fields);
        else if (report.type === "stopped") resolve();
      });
      worker.on("error", (error) => this.#broke(messageOf(error), log));
      worker.on("exit", () => {
        if (!this.#stopping) this.#broke("the recorder has ended", log);
        resolve();
      });
    });
  }

  /** Opens the log in a thread of its own. Rejects with what the operator must know when that fails. */
  static async start(config: Config, identity: RecorderIdentity, log: Log): Promise<RecorderHandle> {
    const signal = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const { path, synchronous, flushMs } = config.events;
    const worker = new Worker(workerUrl("recorder-thread"), {
      workerData: { path, synchronous, flushMs, ...identity, signal, commands: port2 },
      transferList: [port2],
    });
    try {
      const run = await new Promise<number>((resolve, reject) => {
        worker.on("message", (report: RecorderReport) => {
          if (report.type === "ready") resolve(report.run);
          else if (report.type === "failed") reject(new PgsoakError(report.code, report.message));
          else if (report.type === "log") log[report.level](report.message, report.fields);
        });
        worker.once("error", reject);
        worker.once("exit", (code) => reject(new Error(`the recorder ended with code ${code} before it was ready`)));
      });
      worker.removeAllListeners();
      return new RecorderHandle(worker, port1, signal, run, log);
    } catch (error) {
      port1.close();
      await worker.terminate();
      throw error;
    }
  }

  get status(): RecordingStatus {
    return this.#status;
  }

  send(command: RecorderCommand, transfer: MessagePort[] = []): void {
    this.#commands.postMessage(command, transfer);
    const cells = new Int32Array(this.signal);
    Atomics.add(cells, 0, 1);
    Atomics.notify(cells, 0);
  }

  /** Everything published so far is written, the run is closed, the file is let go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.send({ type: "stop" });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.#stopped, timeout]);
    clearTimeout(timer);
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#worker.removeAllListeners();
    this.#commands.close();
    await this.#worker.terminate();
  }

  #recordingChanged(report: RecordingStatus, log: Log): void {
    this.#status = { state: report.state, cause: report.cause };
    if (report.state === "broken") log.error("recording is broken", { cause: report.cause });
    else log.info("recording works again");
  }

  #broke(cause: string, log: Log): void {
    if (this.#status.state === "broken" && this.#status.cause === cause) return;
    this.#recordingChanged({ state: "broken", cause }, log);
  }
}
