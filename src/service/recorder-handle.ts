// The main thread's hold on the recorder thread: starts it, wakes it, hears how recording goes, stops it.

import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { RecordingStatus } from "../api/live-status.ts";
import type { Config } from "../config/config.ts";
import { messageOf, PgsoakError } from "../errors.ts";
import type { Rebuilding } from "../events/fold-rebuild.ts";
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
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #log: Log;
  readonly #ready = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<void>();
  #run = 0;
  #stopping = false;
  #status: RecordingStatus = { state: "ok", cause: "" };
  #rebuilding: Rebuilding | null = null;

  private constructor(config: Config, identity: RecorderIdentity, log: Log) {
    const { port1, port2 } = new MessageChannel();
    const { path, synchronous, flushMs, retentionMs, maxSizeBytes } = config.events;
    this.signal = new SharedArrayBuffer(4);
    this.#commands = port1;
    this.#log = log;
    this.#worker = new Worker(workerUrl("recorder-thread"), {
      workerData: {
        path,
        synchronous,
        flushMs,
        retentionMs,
        maxSizeBytes,
        ...identity,
        signal: this.signal,
        commands: port2,
      },
      transferList: [port2],
    });
    this.#worker.on("message", (report: RecorderReport) => this.#reported(report));
    this.#worker.on("error", (error) => {
      this.#ready.reject(error);
      this.#broke(messageOf(error));
    });
    this.#worker.on("exit", (code) => {
      this.#ready.reject(new Error(`the recorder ended with code ${code} before it was ready`));
      this.#stopped.resolve();
      this.#broke("the recorder has ended");
    });
  }

  /** Opens the log in a thread of its own. Rejects with what the operator must know when that fails. */
  static async start(config: Config, identity: RecorderIdentity, log: Log): Promise<RecorderHandle> {
    const handle = new RecorderHandle(config, identity, log);
    try {
      handle.#run = await handle.#ready.promise;
      return handle;
    } catch (error) {
      await handle.terminate();
      throw error;
    }
  }

  /** The number of the run that it writes. */
  get run(): number {
    return this.#run;
  }

  get status(): RecordingStatus {
    return this.#status;
  }

  /** How far the rebuild of projections has come; null when all are whole. */
  get rebuilding(): Rebuilding | null {
    return this.#rebuilding;
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
    await Promise.race([this.#stopped.promise, timeout]);
    clearTimeout(timer);
    await this.terminate();
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    this.#commands.close();
    await this.#worker.terminate();
  }

  #reported(report: RecorderReport): void {
    switch (report.type) {
      case "ready":
        this.#ready.resolve(report.run);
        return;
      case "failed":
        this.#stopping = true;
        this.#ready.reject(new PgsoakError(report.code, report.message));
        return;
      case "recording":
        this.#changed({ state: report.state, cause: report.cause });
        return;
      case "rebuilding":
        this.#rebuilding = report.rebuilding;
        return;
      case "log":
        this.#log[report.level](report.message, report.fields);
        return;
      case "stopped":
        this.#stopped.resolve();
    }
  }

  #broke(cause: string): void {
    if (!this.#stopping) this.#changed({ state: "broken", cause });
  }

  #changed(status: RecordingStatus): void {
    this.#status = status;
    if (status.state === "broken") this.#log.error("recording is broken", { cause: status.cause });
    else this.#log.info("recording works again");
  }
}
